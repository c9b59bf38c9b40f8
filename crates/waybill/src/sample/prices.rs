//! Freight prices in no order at all: a route, a day, and one to four quotes around what that route costs.

use std::io::{self, Write};

use jiff::civil::Date;

use super::Random;
use super::bad;

/// Output is handed over in pieces of this size.
const PIECE: usize = 1 << 20;

/// Everything that decides what prices come out.
#[derive(Debug)]
pub(crate) struct Prices {
    codes: Vec<[u8; 5]>,
    days: Vec<[u8; 10]>,
    seed: u64,
    bad: f64,
}

impl Prices {
    /// Prices between the ports with these codes, over some days. `None` where there are not two ports or the days
    /// leave the calendar.
    pub(crate) fn new(
        codes: &[String],
        from: Date,
        days: u32,
        seed: u64,
        bad: f64,
    ) -> Option<Self> {
        let codes: Vec<[u8; 5]> = codes
            .iter()
            .filter_map(|code| code.as_bytes().try_into().ok())
            .collect();
        let mut day = from;
        let mut texts = Vec::new();
        for _ in 0..days {
            texts.push(day.to_string().as_bytes().try_into().ok()?);
            day = day.tomorrow().ok()?;
        }
        (codes.len() >= 2 && !texts.is_empty()).then_some(Self {
            codes,
            days: texts,
            seed,
            bad,
        })
    }

    /// Writes a header and so many records.
    pub(crate) fn write(&self, out: &mut impl Write, rows: u64) -> io::Result<()> {
        let mut random = Random::new(self.seed);
        let mut faults = Random::new(!self.seed);
        let mut buffer = Vec::with_capacity(PIECE + 4096);
        buffer.extend_from_slice(b"orig_code,dest_code,day,price\n");
        let mut written = 0;
        while written < rows {
            let ports = self.codes.len() as u64;
            let from = random.below(ports);
            let to = (from + 1 + random.below(ports - 1)) % ports;
            let day = random.below(self.days.len() as u64) as usize;
            // The same route costs about the same every day, and a little more as time goes by.
            let level = 400 + Random::new(from << 32 | to).below(2400);
            let quotes = 1 + random.below(4);
            for _ in 0..quotes.min(rows - written) {
                let spread = random.below(level / 8 + 1);
                let price = level + level * day as u64 / 8000 + spread;
                let record = Record {
                    from: &self.codes[from as usize],
                    to: &self.codes[to as usize],
                    day: &self.days[day],
                    price,
                };
                if faults.chance(self.bad) {
                    bad::write(&mut buffer, &record, faults.below(bad::KINDS));
                } else {
                    record.write(&mut buffer);
                }
                written += 1;
            }
            if buffer.len() >= PIECE {
                out.write_all(&buffer)?;
                buffer.clear();
            }
        }
        out.write_all(&buffer)?;
        out.flush()
    }
}

/// One price.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) from: &'a [u8; 5],
    pub(super) to: &'a [u8; 5],
    pub(super) day: &'a [u8; 10],
    pub(super) price: u64,
}

impl Record<'_> {
    fn write(&self, buffer: &mut Vec<u8>) {
        self.write_route(buffer);
        buffer.extend_from_slice(self.day);
        buffer.push(b',');
        write_number(buffer, self.price);
        buffer.push(b'\n');
    }

    /// Both ports, each with its comma.
    pub(super) fn write_route(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self.from);
        buffer.push(b',');
        buffer.extend_from_slice(self.to);
        buffer.push(b',');
    }
}

/// Digits without the machinery of formatting, which would take most of the time.
pub(super) fn write_number(buffer: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    buffer.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::super::{EXAMPLE_PORTS, codes};
    use super::*;

    fn sample(rows: u64, seed: u64, bad: f64) -> String {
        let from = "2021-01-01".parse().expect("a day");
        let prices =
            Prices::new(&codes(EXAMPLE_PORTS), from, 365, seed, bad).expect("ports and days");
        let mut out = Vec::new();
        prices.write(&mut out, rows).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_same_seed_gives_the_same_records_and_another_seed_others() {
        assert_eq!(sample(1000, 7, 0.0), sample(1000, 7, 0.0));
        assert_ne!(sample(1000, 7, 0.0), sample(1000, 8, 0.0));
        assert!(sample(2000, 7, 0.0).starts_with(sample(999, 7, 0.0).trim_end()));
        insta::assert_snapshot!(sample(5, 1, 0.0), @r"
        orig_code,dest_code,day,price
        NAWVB,IEDUB,2021-12-21,2695
        NAWVB,IEDUB,2021-12-21,2793
        CLVAP,GBBRS,2021-04-15,2166
        CLVAP,GBBRS,2021-04-15,2217
        CLVAP,GBBRS,2021-04-15,2179
        ");
    }

    #[test]
    fn there_are_as_many_records_as_asked_for_and_each_is_whole() {
        for rows in [0, 1, 2, 3, 5000] {
            let csv = sample(rows, 3, 0.0);
            assert_eq!(csv.lines().count() as u64, rows + 1);
            for line in csv.lines().skip(1) {
                let fields: Vec<&str> = line.split(',').collect();
                assert_eq!(fields.len(), 4, "{line}");
                assert_ne!(fields[0], fields[1], "{line}");
                assert!(fields[2].parse::<Date>().is_ok(), "{line}");
                assert!(
                    fields[3].parse::<u32>().is_ok_and(|price| price > 0),
                    "{line}"
                );
            }
        }
    }

    #[test]
    fn bad_records_replace_good_ones_and_leave_the_others_as_they_were() {
        let (good, mixed) = (sample(10_000, 5, 0.0), sample(10_000, 5, 0.01));
        let differing = good
            .lines()
            .zip(mixed.lines())
            .filter(|(good, mixed)| good != mixed)
            .count();
        assert_eq!(good.lines().count(), mixed.lines().count());
        assert!((60..150).contains(&differing), "{differing}");
    }

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 9, 10, 1154, u64::MAX] {
            let mut buffer = Vec::new();
            write_number(&mut buffer, number);
            assert_eq!(buffer, number.to_string().as_bytes());
        }
    }
}
