//! Reasons, for people who read them in a mail.

use crate::evidence::{Counts, Indicator, Kind};
use crate::policy::Tolerance;

/// `api requests: 14 of 60 failed on the new version, against 0.5 % on the old (6 of 1,200)`.
pub(crate) fn comparison(indicator: &Indicator, tolerance: Tolerance) -> String {
    let verb = match indicator.kind {
        Kind::Failed => "failed",
        Kind::Rejected => "were rejected",
        Kind::Slow => "were slow",
    };
    let new = indicator.new.whole();
    format!(
        "{}: {} of {} {verb} on the new version, {}",
        indicator.name,
        number(new.errors),
        number(new.requests),
        against(
            indicator.old.whole().plus(indicator.before.whole()),
            tolerance
        )
    )
}

/// The same of synthetic requests.
pub(crate) fn synthetic(function: &str, new: Counts, old: Counts) -> String {
    let (new, old) = (new.whole(), old.whole());
    let on_the_new = format!(
        "{function}: {} of {} synthetic requests failed on the new version",
        number(new.errors),
        number(new.requests)
    );
    if old.requests == 0 {
        return on_the_new;
    }
    format!(
        "{on_the_new}, against {} of {} on the old",
        number(old.errors),
        number(old.requests)
    )
}

fn against(old: Counts, tolerance: Tolerance) -> String {
    if old.requests == 0 {
        return format!(
            "against {} that are usual; the old one had none",
            percent(tolerance.usual.get())
        );
    }
    format!(
        "against {} on the old ({} of {})",
        percent(old.errors as f64 / old.requests as f64),
        number(old.errors),
        number(old.requests)
    )
}

/// `0.5 %`; `12 %`.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 || percent == 0.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// `1,200`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [0, 12, 999, 1_000, 1_234_567].map(number),
            ["0", "12", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn small_shares_have_a_decimal() {
        assert_eq!(
            [0.0, 0.005, 0.0512, 0.3].map(percent),
            ["0 %", "0.5 %", "5.1 %", "30 %"]
        );
    }
}
