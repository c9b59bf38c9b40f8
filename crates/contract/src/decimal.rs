//! Exact decimal numbers of up to 38 digits, as large as PostgreSQL's `numeric` is asked to hold here.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// As many digits as a `u128` holds whatever they are.
pub(crate) const MAX_PRECISION: u8 = 38;

/// The number ±`digits` / 10^`scale`. Equality and order are those of the numbers: 1.5 is 1.50.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    /// Whether the number is below zero; never set on zero by the parser.
    pub negative: bool,
    /// All digits, those after the point included; below 10^38.
    pub digits: u128,
    /// How many of the digits stand after the point, at most 38.
    pub scale: u8,
}

impl Decimal {
    fn parts(self) -> (u128, u128) {
        let one = 10_u128.pow(u32::from(self.scale.min(MAX_PRECISION)));
        let fraction = (self.digits % one)
            * 10_u128.pow(u32::from(MAX_PRECISION - self.scale.min(MAX_PRECISION)));
        (self.digits / one, fraction)
    }

    fn below_zero(self) -> bool {
        self.negative && self.digits != 0
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = || {
            if self.scale == other.scale {
                self.digits.cmp(&other.digits)
            } else {
                self.parts().cmp(&other.parts())
            }
        };
        match (self.below_zero(), other.below_zero()) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.below_zero(), self.parts()).hash(state);
    }
}

/// All digits of the scale are written: `1.50`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.below_zero() {
            f.write_str("-")?;
        }
        if self.scale == 0 {
            return write!(f, "{}", self.digits);
        }
        let one = 10_u128.pow(u32::from(self.scale.min(MAX_PRECISION)));
        write!(
            f,
            "{}.{:0width$}",
            self.digits / one,
            self.digits % one,
            width = usize::from(self.scale)
        )
    }
}
