//! Samples in other formats than the CSV that they are made up in.

use std::io::{self, Write};

use contract::{Column, Contract, Format, Type};

/// Takes lines of CSV and writes the same records in another format. Of CSV this is the text itself.
pub(crate) struct Written<W: Write> {
    out: W,
    format: Format,
    contract: &'static Contract,
    /// The columns of the CSV, once its header is known.
    columns: Vec<&'static Column>,
    line: Vec<u8>,
    records: u64,
}

impl<W: Write> Written<W> {
    /// Samples of this dataset in this format.
    pub(crate) fn new(out: W, format: Format, contract: &'static Contract) -> Self {
        Self {
            out,
            format,
            contract,
            columns: Vec::new(),
            line: Vec::new(),
            records: 0,
        }
    }

    /// Writes what stands after the records.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        match (self.format, &self.contract.json, &self.contract.xml) {
            (Format::Json, Some(json), _) => {
                writeln!(self.out, "\n]{}", "}".repeat(json.records.len()))?;
            }
            (Format::Xml, _, Some(xml)) => {
                for name in xml.record.iter().rev().skip(1) {
                    writeln!(self.out, "</{name}>")?;
                }
            }
            _ => {}
        }
        self.out.flush()
    }

    fn take(&mut self, line: &str) -> io::Result<()> {
        let fields = super::fields(line);
        if self.columns.is_empty() {
            let column = |name: &String| {
                let index = self.contract.column_for(name)?;
                Some(&self.contract.columns[index])
            };
            self.columns = fields.iter().filter_map(column).collect();
            return self.begin();
        }
        let values: Vec<(&Column, String)> = self.columns.iter().copied().zip(fields).collect();
        match self.format {
            Format::Csv => writeln!(self.out, "{line}")?,
            Format::JsonLines => writeln!(self.out, "{}", object(&values))?,
            Format::Json => {
                let between = if self.records == 0 { "\n" } else { ",\n" };
                write!(self.out, "{between}{}", object(&values))?;
            }
            Format::Xml => {
                let name = self.contract.xml.as_ref().and_then(|xml| xml.record.last());
                writeln!(
                    self.out,
                    "  {}",
                    element(name.map_or("", String::as_str), &values)
                )?;
            }
        }
        self.records += 1;
        Ok(())
    }

    /// Writes what stands before the records.
    fn begin(&mut self) -> io::Result<()> {
        match (self.format, &self.contract.json, &self.contract.xml) {
            (Format::Json, Some(json), _) => {
                for key in &json.records {
                    write!(self.out, "{{{}:", serde_json::Value::from(key.as_str()))?;
                }
                write!(self.out, "[")
            }
            (Format::Xml, _, Some(xml)) => {
                writeln!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
                let around = &xml.record[..xml.record.len() - 1];
                around
                    .iter()
                    .try_for_each(|name| writeln!(self.out, "<{name}>"))
            }
            _ => Ok(()),
        }
    }
}

impl<W: Write> Write for Written<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.format == Format::Csv {
            return self.out.write(bytes);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.pop_if(|last| *last == b'\n').is_some() {
                let line = std::mem::take(&mut self.line);
                self.take(&String::from_utf8_lossy(&line))?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Numbers without quotes; an empty field is left out.
fn object(values: &[(&Column, String)]) -> String {
    let fields: Vec<String> = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(column, value)| {
            let number = matches!(
                column.ty,
                Type::Integer | Type::BigInt | Type::Decimal { .. } | Type::Double
            );
            let name = serde_json::Value::from(column.name.as_str());
            if number {
                format!("{name}:{value}")
            } else {
                format!("{name}:{}", serde_json::Value::from(value.as_str()))
            }
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// Every field an element; an empty one is left out.
fn element(name: &str, values: &[(&Column, String)]) -> String {
    let fields: Vec<String> = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(column, value)| {
            let value = value
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            format!("<{0}>{value}</{0}>", column.name)
        })
        .collect();
    format!("<{name}>{}</{name}>", fields.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(format: Format) -> String {
        let contract = contract::find("regions").expect("regions are shipped");
        let mut out = Vec::new();
        let mut written = Written::new(&mut out, format, contract);
        // In pieces, as writers get them.
        for piece in b"slug,name,parent_slug\na,\"A, <first>\",\nb,B & C,a\n".chunks(5) {
            written.write_all(piece).expect("written");
        }
        written.finish().expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_format_has_the_same_records() {
        assert_eq!(
            regions(Format::JsonLines),
            "{\"slug\":\"a\",\"name\":\"A, <first>\"}\n{\"slug\":\"b\",\"name\":\"B & C\",\"parent_slug\":\"a\"}\n"
        );
        assert_eq!(
            regions(Format::Json),
            "[\n{\"slug\":\"a\",\"name\":\"A, <first>\"},\n{\"slug\":\"b\",\"name\":\"B & C\",\"parent_slug\":\"a\"}\n]\n"
        );
        assert_eq!(
            regions(Format::Xml),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<regions>\n  \
             <region><slug>a</slug><name>A, &lt;first&gt;</name></region>\n  \
             <region><slug>b</slug><name>B &amp; C</name><parent_slug>a</parent_slug></region>\n</regions>\n"
        );
    }
}
