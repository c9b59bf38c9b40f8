//! A report as the partner's own rows: the bytes that came in, in a file that can be corrected and sent again.

use contract::{Contract, Format};

use crate::reports::Page;

/// What stands around rows and between them, so that the pages put together are one file.
pub(crate) struct Frame {
    before: Vec<u8>,
    between: Vec<u8>,
    after_each: Vec<u8>,
    after: Vec<u8>,
}

impl Frame {
    /// The frame of a format: of CSV the header as it was sent, with its line end for all; of a document what leads to
    /// its records.
    pub(crate) fn of(format: Format, contract: Option<&Contract>, page: &Page) -> Self {
        let frame = |before: String, between: &str, after_each: &str, after: String| Self {
            before: before.into_bytes(),
            between: between.into(),
            after_each: after_each.into(),
            after: after.into_bytes(),
        };
        match format {
            Format::Csv => Self::under_header(page.header.as_deref().unwrap_or_default()),
            Format::JsonLines => frame(String::new(), "", "\n", String::new()),
            Format::Json => {
                let keys = contract.and_then(|contract| contract.json.as_ref());
                let keys = keys.map_or(&[][..], |json| &json.records);
                let open: Vec<String> = keys
                    .iter()
                    .map(|key| format!("{{{}:", serde_json::Value::from(key.as_str())))
                    .collect();
                let open = open.concat();
                let close = "}".repeat(keys.len());
                frame(format!("{open}[\n"), ",\n", "", format!("\n]{close}\n"))
            }
            Format::Xml => {
                let names = contract.and_then(|contract| contract.xml.as_ref());
                let names = names.map_or(&[][..], |xml| {
                    &xml.record[..xml.record.len().saturating_sub(1)]
                });
                let open: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
                let open = open.concat();
                let close: Vec<String> = names
                    .iter()
                    .rev()
                    .map(|name| format!("</{name}>"))
                    .collect();
                let close = close.concat();
                let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
                let before = format!("{declaration}\n{open}\n");
                frame(before, "", "\n", format!("{close}\n"))
            }
        }
    }

    fn under_header(header: &[u8]) -> Self {
        let line_end: &[u8] = if header.ends_with(b"\r\n") {
            b"\r\n"
        } else {
            b"\n"
        };
        let mut before = header.to_vec();
        if !header.is_empty() && !header.ends_with(b"\n") {
            before.extend_from_slice(line_end);
        }
        Self {
            before,
            between: Vec::new(),
            after_each: line_end.to_vec(),
            after: Vec::new(),
        }
    }

    /// A page's rows as they came, each once.
    pub(crate) fn rows(&self, page: &Page, first_page: bool) -> Vec<u8> {
        let mut content = Vec::new();
        if first_page {
            content.extend_from_slice(&self.before);
        }
        let mut last = page.before;
        let mut follows = page.rows_before;
        for entry in &page.entries {
            if last == Some(entry.record) || entry.row.is_empty() {
                continue;
            }
            last = Some(entry.record);
            if std::mem::replace(&mut follows, true) {
                content.extend_from_slice(&self.between);
            }
            content.extend_from_slice(&entry.row);
            content.extend_from_slice(&self.after_each);
        }
        if page.next.is_none() {
            content.extend_from_slice(&self.after);
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use ledger::Entry;

    use super::*;

    fn entry(ordinal: u32, record: u64, row: &[u8]) -> Entry {
        Entry {
            file: None,
            ordinal,
            record,
            line: record + 1,
            byte: 0,
            column: None,
            rule: "columns".to_owned(),
            value: None,
            message: String::new(),
            row: row.to_vec(),
        }
    }

    fn page(header: Option<&[u8]>, before: Option<u64>, entries: Vec<Entry>) -> Page {
        Page::of(header, before, entries)
    }

    #[test]
    fn own_rows_stand_once_under_their_own_header_with_its_line_end() {
        let entries = vec![
            entry(1, 2, b"a,\xFF"),
            entry(2, 2, b"a,\xFF"),
            entry(3, 5, b"b,\"x\ny\""),
        ];
        let whole = page(Some(b"one,two\r\n"), None, entries);
        assert_eq!(
            Frame::of(Format::Csv, None, &whole).rows(&whole, true),
            b"one,two\r\na,\xFF\r\nb,\"x\ny\"\r\n"
        );
    }

    #[test]
    fn a_row_whose_errors_span_two_pages_is_not_repeated() {
        let second = page(
            Some(b"one,two"),
            Some(2),
            vec![entry(2, 2, b"a,b"), entry(3, 5, b"c,d")],
        );
        let frame = Frame::of(Format::Csv, None, &second);
        assert_eq!(frame.rows(&second, false), b"c,d\n");
    }

    #[test]
    fn pages_of_a_document_are_one_document_together() {
        let prices = contract::find("prices").expect("prices are shipped");
        let mut first = page(
            None,
            None,
            vec![entry(1, 2, b"<price/>"), entry(2, 2, b"<price/>")],
        );
        first.next = Some(2);
        let mut second = page(
            None,
            Some(2),
            vec![entry(3, 2, b"<price/>"), entry(4, 5, b"<price a='1'/>")],
        );
        second.rows_before = true;
        let xml = Frame::of(Format::Xml, Some(prices), &first);
        assert_eq!(
            [xml.rows(&first, true), xml.rows(&second, false)].concat(),
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<prices>\n<price/>\n<price a='1'/>\n</prices>\n"
        );
        let json = Frame::of(Format::Json, Some(prices), &first);
        let text = [json.rows(&first, true), json.rows(&second, false)].concat();
        assert_eq!(text, b"[\n<price/>,\n<price a='1'/>\n]\n");
    }

    #[test]
    fn a_document_whose_first_rows_are_empty_has_no_comma_too_many() {
        let whole = page(
            None,
            None,
            vec![entry(1, 1, b""), entry(2, 2, b"{}"), entry(3, 3, b"7")],
        );
        let frame = Frame::of(Format::Json, None, &whole);
        assert_eq!(frame.rows(&whole, true), b"[\n{},\n7\n]\n");
    }
}
