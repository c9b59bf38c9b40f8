//! Made-up records of the shipped datasets: always the same for the same seed, on every machine, and fast enough to
//! feed a load of millions of rows. The numbers come from a generator of our own (SplitMix64), so that no
//! dependency's new version changes them.

mod bad;
mod prices;
mod written;

use std::io::{self, Write};

pub(crate) use prices::Prices;
pub(crate) use written::Written;

/// The ports that ship with the repository.
pub(crate) const EXAMPLE_PORTS: &str = include_str!("../../../examples/ports.csv");
const EXAMPLE_REGIONS: &str = include_str!("../../../examples/regions.csv");

/// SplitMix64: a counter and a good mixer (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator that starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not zero.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product: even enough for samples, and no division.
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}

/// Regions: those of the examples, then invented ones below them.
pub(crate) fn regions(out: &mut impl Write, rows: u64, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    let known: Vec<&str> = EXAMPLE_REGIONS.lines().skip(1).collect();
    writeln!(out, "slug,name,parent_slug")?;
    for line in known.iter().take(rows.min(known.len() as u64) as usize) {
        writeln!(out, "{line}")?;
    }
    for number in known.len() as u64..rows {
        let parent = known[random.below(known.len() as u64) as usize]
            .split(',')
            .next()
            .unwrap_or_default();
        writeln!(out, "area_{number},Area {number},{parent}")?;
    }
    Ok(())
}

/// Ports: those of the examples, then invented ones under a country code that nobody has.
pub(crate) fn ports(out: &mut impl Write, rows: u64, seed: u64) -> io::Result<()> {
    const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut random = Random::new(seed);
    let known: Vec<&str> = EXAMPLE_PORTS.lines().skip(1).collect();
    let regions: Vec<&str> = EXAMPLE_REGIONS
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    writeln!(out, "code,name,parent_slug")?;
    for line in known.iter().take(rows.min(known.len() as u64) as usize) {
        writeln!(out, "{line}")?;
    }
    for number in known.len() as u64..rows {
        // Unique while the places last: 26 countries Q? times 36³.
        let place = number - known.len() as u64;
        let country = LETTERS[(place / 46_656 % 26) as usize] as char;
        let code: String = [1296, 36, 1]
            .iter()
            .map(|unit| LETTERS[(place / unit % 36) as usize] as char)
            .collect();
        let region = regions[random.below(regions.len() as u64) as usize];
        writeln!(out, "Q{country}{code},Port {number},{region}")?;
    }
    Ok(())
}

/// The codes in a CSV of ports: the column `code`, or the first one.
pub(crate) fn codes(csv: &str) -> Vec<String> {
    let mut lines = csv.trim_start_matches('\u{feff}').lines();
    let head = lines.next().unwrap_or_default();
    let place = fields(head)
        .iter()
        .position(|name| name == "code")
        .unwrap_or(0);
    lines
        .filter_map(|line| fields(line).into_iter().nth(place))
        .filter(|code| !code.is_empty())
        .collect()
}

/// The fields of one line of CSV. Enough for a list of ports; partners' files go through `reader`.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => {
                if let Some(field) = fields.last_mut() {
                    field.push(other);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut random = Random::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn codes_are_found_by_their_column() {
        assert_eq!(
            codes("name,code\n\"A, b\",NOOSL\nc,GBPME\n"),
            ["NOOSL", "GBPME"]
        );
        assert_eq!(codes(EXAMPLE_PORTS).len(), 28);
    }

    #[test]
    fn invented_ports_have_codes_of_the_contracts_form_and_no_code_twice() {
        let mut out = Vec::new();
        ports(&mut out, 60_000, 1).expect("written");
        let csv = String::from_utf8(out).expect("text");
        let codes = codes(&csv);
        assert_eq!(codes.len(), 60_000);
        let distinct: std::collections::HashSet<&String> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
        assert!(codes.iter().all(|code| {
            code.len() == 5
                && code
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        }));
    }

    #[test]
    fn regions_stand_below_regions_that_come_before_them() {
        let mut out = Vec::new();
        regions(&mut out, 100, 3).expect("written");
        let csv = String::from_utf8(out).expect("text");
        assert_eq!(csv.lines().count(), 101);
        assert!(csv.contains("\narea_99,Area 99,"));
    }
}
