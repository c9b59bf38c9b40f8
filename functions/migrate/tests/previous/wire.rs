//! As much of PostgreSQL's protocol as it takes to overhear a session.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// One message of either side.
pub(crate) struct Frame {
    /// Its kind; 0 for the first one of a session, which has none.
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
}

/// The next message; `None` where the other side is gone.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin), first: bool) -> Option<Frame> {
    let kind = if first { 0 } else { from.read_u8().await.ok()? };
    let length = from.read_u32().await.ok()? as usize;
    let mut body = vec![0; length.checked_sub(4)?];
    from.read_exact(&mut body).await.ok()?;
    Some(Frame { kind, body })
}

/// Passes a message on; `None` where the other side is gone.
pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &Frame) -> Option<()> {
    let mut bytes = Vec::with_capacity(frame.body.len() + 5);
    if frame.kind != 0 {
        bytes.push(frame.kind);
    }
    bytes.extend_from_slice(&(frame.body.len() as u32 + 4).to_be_bytes());
    bytes.extend_from_slice(&frame.body);
    to.write_all(&bytes).await.ok()
}

/// The parts of a message's body.
pub(crate) struct Parts<'a>(pub(crate) &'a [u8]);

impl Parts<'_> {
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let (these, rest) = self.0.split_at(length);
        self.0 = rest;
        these.to_vec()
    }

    pub(crate) fn int16(&mut self) -> i16 {
        i16::from_be_bytes(self.bytes(2).try_into().expect("two bytes"))
    }

    pub(crate) fn int32(&mut self) -> i32 {
        i32::from_be_bytes(self.bytes(4).try_into().expect("four bytes"))
    }

    /// A text up to its NUL.
    pub(crate) fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).expect("its end");
        let text = String::from_utf8(self.bytes(end)).expect("UTF-8");
        self.bytes(1);
        text
    }

    /// As many as the count before them says.
    pub(crate) fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.int16()).map(|_| each(self)).collect()
    }

    /// A value, or null.
    pub(crate) fn value(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.int32()).ok()?;
        Some(self.bytes(length))
    }
}
