//! Rows as PostgreSQL's binary COPY format, written by hand into one growing buffer.
//!
//! The layouts are those of the PostgreSQL manual ("COPY, Binary Format") and of each type's send
//! and receive functions: big-endian, a 4-byte length before each field, -1 for null. tokio-postgres
//! has a writer of its own, which makes a dynamic call for each value and flushes every 4 KiB.

use contract::{Decimal, Value};

/// What stands before the first row: signature, no flags, no extension.
pub const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands after the last row.
pub const TRAILER: &[u8; 2] = &(-1_i16).to_be_bytes();

/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's day zero.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// How JSON text is stored in a column: `jsonb` wants a version byte in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonColumn {
    /// `json`, or no JSON at all.
    #[default]
    Json,
    /// `jsonb`.
    Jsonb,
}

/// Begins a row of `fields` fields.
pub fn begin_row(out: &mut Vec<u8>, fields: u16) {
    out.extend_from_slice(&fields.to_be_bytes());
}

/// Appends one field.
pub fn field(out: &mut Vec<u8>, value: &Value<'_>, json: JsonColumn) {
    match *value {
        Value::Null => null(out),
        Value::Bool(b) => sized(out, [u8::from(b)]),
        Value::Int(i) => sized(out, i.to_be_bytes()),
        Value::BigInt(i) => bigint(out, i),
        Value::Double(d) => sized(out, d.to_be_bytes()),
        Value::Decimal(ref d) => decimal(out, d),
        Value::Date(days) => sized(out, (days - EPOCH_DAYS).to_be_bytes()),
        Value::Timestamp(micros) => sized(out, (micros - EPOCH_MICROS).to_be_bytes()),
        Value::Uuid(bytes) => sized(out, bytes),
        Value::Text(text) => bytes(out, text.as_bytes()),
        Value::Json(text) => match json {
            JsonColumn::Json => bytes(out, text.as_bytes()),
            JsonColumn::Jsonb => {
                length(out, text.len() + 1);
                out.push(1);
                out.extend_from_slice(text.as_bytes());
            }
        },
    }
}

/// Appends a null.
pub fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i32).to_be_bytes());
}

/// Appends a `bigint`.
pub fn bigint(out: &mut Vec<u8>, value: i64) {
    sized(out, value.to_be_bytes());
}

/// Appends a `boolean`.
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    sized(out, [u8::from(value)]);
}

fn sized<const N: usize>(out: &mut Vec<u8>, value: [u8; N]) {
    length(out, N);
    out.extend_from_slice(&value);
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    length(out, value.len());
    out.extend_from_slice(value);
}

fn length(out: &mut Vec<u8>, bytes: usize) {
    // A record is at most some megabytes (reader::Limits), far below i32::MAX.
    out.extend_from_slice(&(bytes as i32).to_be_bytes());
}

/// `numeric`: base-10000 digits aligned at the decimal point, weight of the first, sign, scale.
fn decimal(out: &mut Vec<u8>, value: &Decimal) {
    const BASE: u128 = 10_000;
    let scale = u32::from(value.scale);
    // Groups of four digits left and right of the point; 38 digits make at most 11 of them.
    let fraction_groups = scale.div_ceil(4);
    let unit = 10_u128.pow(scale);
    let mut whole = value.digits / unit;
    let mut fraction = value.digits % unit;
    let mut groups = [0_u16; 21];
    let mut at = groups.len();
    // The last group of the fraction is filled up with zeros on its right.
    let mut last = 4 - (fraction_groups * 4 - scale);
    for _ in 0..fraction_groups {
        let size = 10_u128.pow(last);
        at -= 1;
        groups[at] = ((fraction % size) * 10_u128.pow(4 - last)) as u16;
        fraction /= size;
        last = 4;
    }
    let mut whole_groups = 0_i16;
    while whole > 0 {
        at -= 1;
        groups[at] = (whole % BASE) as u16;
        whole /= BASE;
        whole_groups += 1;
    }
    let mut digits = &groups[at..];
    let mut weight = whole_groups - 1;
    while let [0, rest @ ..] = digits {
        digits = rest;
        weight -= 1;
    }
    while let [rest @ .., 0] = digits {
        digits = rest;
    }
    if digits.is_empty() {
        weight = 0;
    }
    let sign: u16 = if value.negative && !digits.is_empty() {
        0x4000
    } else {
        0
    };
    length(out, 8 + 2 * digits.len());
    out.extend_from_slice(&(digits.len() as u16).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&u16::from(value.scale).to_be_bytes());
    for digit in digits {
        out.extend_from_slice(&digit.to_be_bytes());
    }
}
