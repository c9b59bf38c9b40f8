//! Content to blocks of whole records, in bounded memory.

mod document;
mod lines;

use std::sync::Arc;

use contract::{Contract, Format, Rule};

use self::document::Document;
use self::lines::Lines;
use crate::block::Block;
use crate::content::Content;
use crate::fault::{Fault, Position};
use crate::json::DocumentScanner as Json;
use crate::layout::Layout;
use crate::limits::Limits;
use crate::sniff;
use crate::window::Window;
use crate::xml::DocumentScanner as Xml;

pub(crate) use self::document::{Flaw, Scanner, Seen};

/// The least that is read at once while a record that is too long is skipped.
const SKIP_BYTES: usize = 64 << 10;

/// Cuts content into blocks of whole records.
///
/// It holds at most one block and one record of the largest size allowed.
pub struct Splitter {
    window: Window,
    layout: Arc<Layout>,
    header: Option<Vec<u8>>,
    kind: Kind,
}

/// How records follow each other.
enum Kind {
    /// Every byte belongs to a record: CSV, JSON Lines.
    Lines(Lines),
    /// Records lie in a document, with other things around them and between.
    Json(Box<Document<Json>>),
    Xml(Box<Document<Xml>>),
}

impl std::fmt::Debug for Splitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splitter")
            .field("next", &self.window.next)
            .finish_non_exhaustive()
    }
}

impl Splitter {
    /// Begins to read: checks that the content is text, takes the byte order mark off, and matches a CSV header to the
    /// contract.
    pub fn new(
        format: Format,
        contract: &Contract,
        content: Box<dyn Content>,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let block_bytes = limits.block_bytes.max(1);
        let mut window = Window::new(content);
        window.fill(block_bytes.max(sniff::ENOUGH));
        let mark = sniff::text_starts_at(&window.buffer)?;
        window.advance(mark);
        if window.buffer.is_empty() {
            return Err(match window.fault() {
                Some(fault) => fault,
                None => Fault::data(window.next, Rule::Empty, "the file is empty"),
            });
        }
        let mut layout = Layout::of(format, contract, limits.clone());
        let mut header = None;
        let kind = match format {
            Format::Csv => {
                let (line, found) = lines::read_header(&mut window, contract, limits)?;
                (header, layout) = (Some(line), found);
                Kind::Lines(Lines::new(format))
            }
            Format::JsonLines => Kind::Lines(Lines::new(format)),
            Format::Json => Kind::Json(Box::new(Document::new(Json::new(contract, limits)))),
            Format::Xml => Kind::Xml(Box::new(Document::new(Xml::new(contract, limits)))),
        };
        window.next.record = 1;
        Ok(Self {
            window,
            layout: Arc::new(layout),
            header,
            kind,
        })
    }

    /// Where the contract's columns are; what [`Block::records`] needs.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The CSV header as it was sent, without its line end.
    pub fn header_bytes(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    /// Where the next block begins, or what stands before it in a document.
    pub const fn position(&self) -> Position {
        self.window.next
    }

    /// The next block, or nothing at the end. After a fault, faults only.
    ///
    /// Where the blocks are cut depends on the block size alone, not on how the content arrives; what is in them, not
    /// even on that.
    pub fn next_block(&mut self) -> Result<Option<Block>, Fault> {
        let (window, limits) = (&mut self.window, &self.layout.limits);
        match &mut self.kind {
            Kind::Lines(lines) => lines.next_block(window, limits),
            Kind::Json(document) => document.next_block(window, limits),
            Kind::Xml(document) => document.next_block(window, limits),
        }
    }
}

/// Counts a block as given away.
fn give(window: &mut Window, block: Block) -> Block {
    window.next.record += block.records;
    window.next.line += block.lines;
    window.next.byte += block.bytes.len() as u64;
    block
}
