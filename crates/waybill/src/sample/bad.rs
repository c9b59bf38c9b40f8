//! Prices that are wrong, one way each, for trying out reports. Every wrong record is still one line, so that the
//! records after it stay what they were.

use super::prices::{Record, write_number};

/// How many ways there are.
pub(super) const KINDS: u64 = 10;

/// Writes the record with one fault.
pub(super) fn write(buffer: &mut Vec<u8>, record: &Record<'_>, kind: u64) {
    let rest: &[u8] = match kind {
        // A port that no list has: `references`.
        0 => {
            buffer.extend_from_slice(b"ZZZZZ,");
            buffer.extend_from_slice(record.to);
            buffer.push(b',');
            buffer.extend_from_slice(record.day);
            buffer.push(b',');
            write_number(buffer, record.price);
            b""
        }
        // `min`
        1 => return with_price(buffer, record, b"0"),
        // `type`, three times
        2 => return with_price(buffer, record, b"cheap"),
        3 => return with_price(buffer, record, b"1e5"),
        4 => return with_price(buffer, record, b"99999999999"),
        // `required`
        5 => return with_price(buffer, record, b""),
        // A day that does not exist: `type`.
        6 => b"2021-02-30,100",
        // A day as others write it: `type`.
        7 => b"31.12.2021,100",
        // A short record: `columns`.
        8 => b"100",
        // A long one: `columns`.
        _ => b"2021-01-01,100,surplus",
    };
    if !rest.is_empty() {
        record.write_route(buffer);
        buffer.extend_from_slice(rest);
    }
    buffer.push(b'\n');
}

fn with_price(buffer: &mut Vec<u8>, record: &Record<'_>, price: &[u8]) {
    record.write_route(buffer);
    buffer.extend_from_slice(record.day);
    buffer.push(b',');
    buffer.extend_from_slice(price);
    buffer.push(b'\n');
}
