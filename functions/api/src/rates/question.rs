//! A question for rates, read from its arguments and refused where it makes no sense.

use jiff::civil::Date;
use ledger::BatchId;

use super::Asked;
use crate::limits;
use crate::problem::Problem;

/// What origins and destinations may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    Ports,
    PortsAndRegions,
}

/// A question that can be put to the database.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) places: Places,
    pub(super) from: Date,
    pub(super) to: Date,
    pub(super) origin: String,
    pub(super) destination: String,
    pub(super) after_batch: Option<BatchId>,
}

/// No code and no slug is longer; what is longer cannot be one.
const PLACE_BYTES: usize = 200;

impl Question {
    pub(super) fn read(asked: &Asked, places: Places) -> Result<Self, Problem> {
        let from = day("date_from", asked.date_from.as_deref())?;
        let to = day("date_to", asked.date_to.as_deref())?;
        let origin = place("orig_code", asked.orig_code.as_deref())?;
        let destination = place("dest_code", asked.dest_code.as_deref())?;
        if from > to {
            return Err(Problem::argument(
                "date_from",
                format!("The range is reversed: date_from {from} is after date_to {to}."),
            ));
        }
        let days = i64::from((to - from).get_days()) + 1;
        if days > limits::RATE_DAYS {
            return Err(Problem::argument(
                "date_to",
                format!("The range has {days} days; at most {} are answered at once. Ask for it in pieces.", limits::RATE_DAYS),
            )
            .with("limit_days", limits::RATE_DAYS));
        }
        let after_batch = asked
            .after_batch
            .as_deref()
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|_| {
                    Problem::argument("after_batch", format!("`{text}` is not a batch's id."))
                })
            })
            .transpose()?;
        Ok(Self {
            places,
            from,
            to,
            origin,
            destination,
            after_batch,
        })
    }
}

/// A day is written `YYYY-MM-DD` and in no other way.
fn day(name: &str, text: Option<&str>) -> Result<Date, Problem> {
    let text = needed(name, text)?;
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    well_formed
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| {
            Problem::argument(
                name,
                format!("{name} must be a day that exists, as YYYY-MM-DD; `{text}` is not."),
            )
        })
}

fn place(name: &str, text: Option<&str>) -> Result<String, Problem> {
    let text = needed(name, text)?;
    if text.len() > PLACE_BYTES || text.contains('\0') {
        return Err(Problem::argument(
            name,
            format!("{name} is not a code: it is too long or has a NUL in it."),
        ));
    }
    Ok(text.to_owned())
}

fn needed<'a>(name: &str, text: Option<&'a str>) -> Result<&'a str, Problem> {
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| Problem::argument(name, format!("The argument {name} is missing.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(from: &str, to: &str) -> Asked {
        Asked {
            date_from: Some(from.to_owned()),
            date_to: Some(to.to_owned()),
            orig_code: Some("CNGGZ".to_owned()),
            dest_code: Some("EETLL".to_owned()),
            after_batch: None,
        }
    }

    fn refused(asked: &Asked) -> bool {
        Question::read(asked, Places::Ports).is_err()
    }

    #[test]
    fn a_range_of_one_day_and_of_a_leap_year_are_answered() {
        assert!(!refused(&asked("2021-01-01", "2021-01-01")));
        assert!(!refused(&asked("2020-01-01", "2020-12-31")));
    }

    #[test]
    fn a_reversed_range_and_a_day_too_many_are_refused() {
        assert!(refused(&asked("2021-01-02", "2021-01-01")));
        assert!(refused(&asked("2020-01-01", "2021-01-01")));
    }

    #[test]
    fn days_that_do_not_exist_or_are_written_otherwise_are_refused() {
        for text in [
            "2021-02-29",
            "2021-1-1",
            "20210101",
            "2021-01-01T00:00",
            "01.01.2021",
            "",
            "2021-13-01",
            " 2021-1-01",
        ] {
            assert!(refused(&asked(text, "2021-12-31")), "{text}");
        }
    }

    #[test]
    fn every_argument_is_needed() {
        let whole = || asked("2021-01-01", "2021-01-31");
        assert!(refused(&Asked {
            date_from: None,
            ..whole()
        }));
        assert!(refused(&Asked {
            date_to: None,
            ..whole()
        }));
        assert!(refused(&Asked {
            orig_code: None,
            ..whole()
        }));
        assert!(refused(&Asked {
            dest_code: Some(String::new()),
            ..whole()
        }));
        assert!(refused(&Asked {
            after_batch: Some("not-an-id".to_owned()),
            ..whole()
        }));
    }
}
