//! How a dataset's records become rows of its table: the columns of the COPY, what is appended to
//! each row, and the sort key taken from its encoded fields.

use contract::{Contract, Type, Value};
use ledger::copy::{self, JsonColumn};

use crate::runs::SortKey;

/// What follows a record's own fields in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    /// The batch number, by which an appended batch is found again.
    Batch(i64),
    /// Byte offset and whether the record broke a rule: staged rows, see [`crate::staging`].
    Staged,
}

/// The plan by which every record of one load is encoded.
#[derive(Debug)]
pub(crate) struct RowPlan {
    json: Vec<JsonColumn>,
    key: Vec<KeyPart>,
    /// How many of a row's fields reach to the last one of the key.
    key_fields: usize,
    pub(crate) extra: Extra,
}

#[derive(Debug, Clone, Copy)]
struct KeyPart {
    column: usize,
    signed: bool,
    text: bool,
}

/// Where each field of the row being written begins; reused from row to row.
pub(crate) type FieldStarts = Vec<usize>;

impl RowPlan {
    /// `order` names the columns that rows are sorted by, none for file order; `jsonb` tells for
    /// each of the contract's columns whether the table has it as `jsonb`.
    pub(crate) fn new(contract: &Contract, order: &[String], jsonb: &[bool], extra: Extra) -> Self {
        let json = jsonb
            .iter()
            .map(|b| {
                if *b {
                    JsonColumn::Jsonb
                } else {
                    JsonColumn::Json
                }
            })
            .collect();
        let mut key = Vec::new();
        for name in order {
            let Some(column) = contract.index_of(name) else {
                break;
            };
            let (signed, text) = match contract.columns[column].ty {
                Type::Integer | Type::BigInt | Type::Date | Type::Timestamp => (true, false),
                Type::Text => (false, true),
                Type::Boolean | Type::Uuid => (false, false),
                // Their bytes do not sort as their values do; what stands before them still helps.
                Type::Decimal { .. } | Type::Double | Type::Json => break,
            };
            key.push(KeyPart {
                column,
                signed,
                text,
            });
        }
        let key_fields = key.iter().map(|part| part.column + 1).max().unwrap_or(0);
        Self {
            json,
            key,
            key_fields,
            extra,
        }
    }

    /// Whether rows are to be sorted at all.
    pub(crate) fn sorts(&self) -> bool {
        !self.key.is_empty()
    }

    /// Begins a row.
    pub(crate) fn begin(&self, out: &mut Vec<u8>, starts: &mut FieldStarts) {
        starts.clear();
        let more = match self.extra {
            Extra::Batch(_) => 1,
            Extra::Staged => 2,
        };
        copy::begin_row(out, self.json.len() as u16 + more);
    }

    /// Appends the next of the contract's columns.
    #[inline]
    pub(crate) fn field(&self, out: &mut Vec<u8>, starts: &mut FieldStarts, value: &Value<'_>) {
        let json = self.json[starts.len()];
        starts.push(out.len());
        copy::field(out, value, json);
    }

    /// Ends a row: appends what the plan adds.
    pub(crate) fn end(&self, out: &mut Vec<u8>, byte: u64, bad: bool) {
        match self.extra {
            Extra::Batch(number) => copy::bigint(out, number),
            Extra::Staged => {
                copy::bigint(out, byte as i64);
                copy::boolean(out, bad);
            }
        }
    }

    /// The sort key of an encoded row; `starts` is memory to reuse.
    #[inline]
    pub(crate) fn key_of(&self, row: &[u8], starts: &mut FieldStarts) -> SortKey {
        starts.clear();
        // Behind the number of its fields.
        let mut at = 2;
        for _ in 0..self.key_fields {
            starts.push(at);
            let (length, _) = field_at(row, at);
            at += 4 + length.unwrap_or(0);
        }
        self.sort_key(row, starts)
    }

    /// The first 16 bytes of the row's key such that comparing them compares rows, as far as they
    /// reach: text ends in a zero, signed numbers have their sign bit turned, nulls come last.
    #[inline]
    pub(crate) fn sort_key(&self, row: &[u8], starts: &[usize]) -> SortKey {
        let mut key = [0_u8; 16];
        let mut filled = 0;
        for part in &self.key {
            if filled >= key.len() {
                break;
            }
            let (length, rest) = field_at(row, starts[part.column]);
            let Some(length) = length else {
                key[filled..].fill(0xFF);
                break;
            };
            let taken = length.min(key.len() - filled);
            key[filled..filled + taken].copy_from_slice(&rest[..taken]);
            if part.signed {
                key[filled] ^= 0x80;
            }
            filled += taken + usize::from(part.text);
        }
        let (high, low) = key.split_at(8);
        [word(high), word(low)]
    }
}

/// A field's length, none where it is null, and what follows it.
#[inline]
fn field_at(row: &[u8], at: usize) -> (Option<usize>, &[u8]) {
    let (length, rest) = row[at..].split_at(4);
    let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
    (usize::try_from(length).ok(), rest)
}

fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(plan: &RowPlan, values: &[Value<'_>]) -> SortKey {
        let (mut row, mut starts) = (Vec::new(), Vec::new());
        plan.begin(&mut row, &mut starts);
        for value in values {
            plan.field(&mut row, &mut starts, value);
        }
        plan.end(&mut row, 0, false);
        let key = plan.sort_key(&row, &starts);
        assert_eq!(
            key,
            plan.key_of(&row, &mut Vec::new()),
            "a row tells its key by itself"
        );
        key
    }

    #[test]
    fn keys_compare_as_the_indexed_values_do() {
        let prices = contract::find("prices").expect("prices is shipped");
        let order = ["orig_code", "dest_code", "day"].map(str::to_owned);
        let plan = RowPlan::new(prices, &order, &[false; 4], Extra::Batch(7));
        let row = |orig, dest, day| {
            key_of(
                &plan,
                &[
                    Value::Text(orig),
                    Value::Text(dest),
                    Value::Date(day),
                    Value::Int(1),
                ],
            )
        };
        let sorted = [
            row("A", "ZZZZZ", 1),
            row("AB", "AAAAA", -40_000),
            row("CNGGZ", "EETLL", 18_628),
            row("CNGGZ", "EETLL", 18_629),
            row("CNGGZ", "EETLM", -3),
            row("CNSGH", "DEHAM", 0),
        ];
        assert!(sorted.is_sorted(), "{sorted:x?}");
        assert!(
            sorted.windows(2).all(|pair| pair[0] != pair[1]),
            "16 bytes hold the whole route and day"
        );
    }
}
