//! The names of the elements that are open.

/// A stack of names.
#[derive(Debug, Default)]
pub(super) struct Names {
    letters: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    pub(super) fn push(&mut self, name: &[u8]) {
        self.letters.extend_from_slice(name);
        self.ends.push(self.letters.len());
    }

    pub(super) fn pop(&mut self) {
        self.ends.pop();
        self.letters
            .truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// The innermost one.
    pub(super) fn last(&self) -> Option<&[u8]> {
        let end = *self.ends.last()?;
        let start = match self.ends.len() {
            1 => 0,
            depth => self.ends[depth - 2],
        };
        Some(&self.letters[start..end])
    }

    pub(super) fn depth(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes the names have.
    pub(super) fn bytes(&self) -> usize {
        self.letters.len()
    }
}
