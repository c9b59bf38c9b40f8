//! Whether bytes that come in pieces are UTF-8.

/// What is left of the pieces before: the beginning of a character.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    open: Vec<u8>,
}

impl Utf8 {
    /// Looks at the next piece; where it is no UTF-8, gives the place in it after the bytes that are none.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), usize> {
        let carried = self.open.len();
        let joined;
        let bytes = if carried == 0 {
            piece
        } else {
            joined = [&self.open[..], piece].concat();
            &joined[..]
        };
        let Err(error) = std::str::from_utf8(bytes) else {
            self.open.clear();
            return Ok(());
        };
        if let Some(bad) = error.error_len() {
            return Err((error.valid_up_to() + bad).saturating_sub(carried));
        }
        self.open = bytes[error.valid_up_to()..].to_vec();
        Ok(())
    }

    /// Whether no character is open.
    pub(crate) fn is_whole(&self) -> bool {
        self.open.is_empty()
    }
}
