//! What the HTTP API is told where it is a process of its own, and not a function: a container, a workstation.

use std::net::SocketAddr;
use std::time::Duration;

use super::{SettingsError, Variables, keys, process};

/// Where it listens unless told: on this machine only.
const LISTEN: &str = "127.0.0.1:8080";
const SESSIONS: usize = 8;
/// More than any server of ours takes from all its clients together.
const MOST_SESSIONS: usize = 500;
const DRAIN: u64 = 2;
const LONGEST_DRAIN: u64 = 60;

/// What a process that serves is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serving {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The most sessions it opens for each of its two roles.
    pub sessions: usize,
    /// How long it goes on taking requests after it was asked to end, so that whoever sends them can learn of it.
    pub drain: Duration,
}

impl Serving {
    /// Reads them from this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Variables(&process))
    }

    /// Reads them.
    pub fn read(from: Variables<'_>) -> Result<Self, SettingsError> {
        let listen = from
            .optional(keys::LISTEN)
            .unwrap_or_else(|| LISTEN.to_owned());
        Ok(Serving {
            listen: listen.parse().map_err(|_| SettingsError::Invalid {
                key: keys::LISTEN,
                value: listen,
                expected: "an address and a port, as 0.0.0.0:8080",
            })?,
            sessions: bounded(from, keys::SESSIONS, 1..=MOST_SESSIONS, "from 1 to 500")?
                .unwrap_or(SESSIONS),
            drain: Duration::from_secs(
                bounded(
                    from,
                    keys::DRAIN_SECONDS,
                    0..=LONGEST_DRAIN,
                    "seconds, from 0 to 60",
                )?
                .unwrap_or(DRAIN),
            ),
        })
    }
}

fn bounded<T: std::str::FromStr + PartialOrd + ToString>(
    from: Variables<'_>,
    key: &'static str,
    within: std::ops::RangeInclusive<T>,
    expected: &'static str,
) -> Result<Option<T>, SettingsError> {
    match from.parsed::<T>(key, expected)? {
        Some(value) if !within.contains(&value) => Err(SettingsError::Invalid {
            key,
            value: value.to_string(),
            expected,
        }),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &'static str, value: &'static str) -> Result<Serving, SettingsError> {
        Serving::read(Variables::new(&|asked| {
            (asked == key).then(|| value.to_owned())
        }))
    }

    #[test]
    fn nothing_is_needed() {
        let serving = read("nothing", "").expect("every setting has a default");
        assert_eq!(serving.listen.to_string(), LISTEN);
        assert_eq!((serving.sessions, serving.drain.as_secs()), (8, 2));
    }

    #[test]
    fn what_is_told_is_taken_and_what_makes_no_sense_is_named() {
        let all = read(keys::LISTEN, "0.0.0.0:8080").expect("an address");
        assert_eq!(all.listen.to_string(), "0.0.0.0:8080");
        assert_eq!(read(keys::SESSIONS, "20").expect("a number").sessions, 20);
        assert!(
            read(keys::DRAIN_SECONDS, "0")
                .expect("a number")
                .drain
                .is_zero()
        );
        for (key, value) in [
            (keys::LISTEN, "8080"),
            (keys::SESSIONS, "0"),
            (keys::SESSIONS, "501"),
            (keys::SESSIONS, "many"),
            (keys::DRAIN_SECONDS, "61"),
        ] {
            let error = read(key, value).expect_err(value).to_string();
            assert!(error.contains(key) && error.contains(value), "{error}");
        }
    }
}
