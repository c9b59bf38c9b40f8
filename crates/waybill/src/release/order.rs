//! What a release machine is told, and what it answers: the same words as in its definition.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::Manifest;
use crate::failure::{Failure, Outcome};

/// The longest name of an execution.
const LONGEST_NAME: usize = 80;

/// What an execution is for: a release, a way back, or what a dead execution left.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The release's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<String>,
    /// The folder of the artifact bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    /// The zip of each function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    functions: Option<BTreeMap<String, Digest>>,
    /// On the way back: the version of each function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    versions: Option<BTreeMap<String, String>>,
    /// Instead of the environment's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<Step>>,
    /// Only what a dead execution left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) recover: bool,
    /// The execution that was just stopped, and may still be seen as running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

/// A zip's SHA-256 in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Digest {
    sha256: String,
}

/// One step of a release.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// The share of the traffic, in per cent.
    pub(crate) weight: f64,
    /// Seconds that it takes at least.
    pub(crate) wait_s: u64,
    /// Seconds that traffic is waited for.
    pub(crate) longest_s: u64,
    /// Requests that the new version must have answered.
    pub(crate) minimum: u64,
}

/// What an execution did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    /// Where every function went.
    #[serde(default)]
    pub(crate) targets: Vec<Moved>,
    /// Whether there was something to recover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recovered: Option<bool>,
}

/// Where one function went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved {
    /// Its short name.
    pub(crate) function: String,
    /// The version that was replaced.
    pub(crate) from: String,
    /// The version that is live.
    pub(crate) to: String,
}

impl Order {
    /// Bring a release out.
    pub(crate) fn release(manifest: &Manifest, folder: &str, steps: Option<Vec<Step>>) -> Self {
        let digests = manifest.functions.iter().map(|(function, zip)| {
            let sha256 = zip.sha256.clone();
            (function.clone(), Digest { sha256 })
        });
        Self {
            release: Some(manifest.release.clone()),
            folder: Some(folder.to_owned()),
            functions: Some(digests.collect()),
            steps,
            ..Self::default()
        }
    }

    /// Go back to versions that were live.
    pub(crate) fn back(release: String, versions: BTreeMap<String, String>) -> Self {
        Self {
            release: Some(release),
            versions: Some(versions),
            ..Self::default()
        }
    }

    /// Put back what a dead execution left; `stopped` is the one that is known to be dead.
    pub(crate) fn recover(stopped: Option<String>) -> Self {
        Self {
            recover: true,
            stopped,
            ..Self::default()
        }
    }

    /// Whether it goes back.
    pub(crate) fn is_back(&self) -> bool {
        self.versions.is_some()
    }

    /// For sentences.
    pub(crate) fn title(&self) -> String {
        match &self.release {
            _ if self.recover => "the recovery".to_owned(),
            Some(release) if self.is_back() => format!("the way back to {release}"),
            Some(release) => format!("release {release}"),
            None => "the release".to_owned(),
        }
    }

    /// A name for the execution that nobody else has.
    pub(crate) fn execution_name(&self, now: Timestamp) -> String {
        let stamp = now.as_millisecond().to_string();
        let title = self.release.as_deref().unwrap_or("recover");
        let kind = if self.is_back() { "back-" } else { "" };
        let room = LONGEST_NAME - stamp.len() - kind.len() - 1;
        let title: String = title
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .take(room)
            .collect();
        format!("{kind}{title}-{stamp}")
    }
}

/// The longest that all steps together may wait: the machine itself ends after six hours.
const LONGEST_S: u64 = 4 * 60 * 60;

/// Whether the machine can take these steps.
pub(crate) fn fit(steps: &[Step]) -> Outcome<()> {
    if steps.iter().map(|step| step.longest_s).sum::<u64>() > LONGEST_S {
        return Err(Failure::misuse(format!(
            "the longest waits of all steps together are more than {LONGEST_S} s"
        )));
    }
    Ok(())
}

/// Reads `10,300,1800,100`: weight, shortest and longest wait, requests.
pub(crate) fn step(text: &str) -> Result<Step, String> {
    let numbers: Vec<&str> = text.split(',').map(str::trim).collect();
    let [weight, wait_s, longest_s, minimum] = numbers.as_slice() else {
        return Err("four numbers are wanted: WEIGHT,WAIT_S,LONGEST_S,REQUESTS".into());
    };
    let weight: f64 = weight
        .parse()
        .map_err(|_| format!("`{weight}` is no share in per cent"))?;
    if !(weight > 0.0 && weight < 100.0) {
        return Err("a weight lies between 0 and 100 per cent, without either".into());
    }
    let whole = |text: &str| {
        text.parse::<u64>()
            .map_err(|_| format!("`{text}` is no whole number"))
    };
    let step = Step {
        weight,
        wait_s: whole(wait_s)?,
        longest_s: whole(longest_s)?,
        minimum: whole(minimum)?,
    };
    if step.longest_s < step.wait_s {
        return Err("the longest wait is shorter than the shortest".into());
    }
    Ok(step)
}

/// The release that can be gone back to from what is live now: the versions that the newest release replaced which led
/// there. `executions` are newest first.
pub(crate) fn replaced<'a>(
    executions: impl Iterator<Item = (&'a Order, &'a Output)>,
    live: &BTreeMap<String, String>,
) -> Outcome<BTreeMap<String, String>> {
    let led_here = |moved: &[Moved]| {
        moved.iter().any(|one| one.from != one.to)
            && moved.iter().all(|one| {
                live.get(&one.function)
                    .is_none_or(|version| *version == one.to)
            })
    };
    executions
        .filter(|(order, _)| !order.is_back())
        .find(|(_, output)| led_here(&output.targets))
        .map(|(_, output)| {
            let back = output
                .targets
                .iter()
                .filter(|one| live.contains_key(&one.function));
            back.map(|one| (one.function.clone(), one.from.clone()))
                .collect()
        })
        .ok_or_else(|| {
            Failure::failed("no release on record led to what is live now").advice(
                "bring out the release that is wanted at once: `waybill release start --straight --environment NAME --release COMMIT`",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(from: &str, to: &str) -> Output {
        let one = |function: &str| Moved {
            function: function.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        Output {
            targets: vec![one("api"), one("intake")],
            recovered: None,
        }
    }

    fn live(version: &str) -> BTreeMap<String, String> {
        ["api", "intake"]
            .map(|function| (function.to_owned(), version.to_owned()))
            .into()
    }

    #[test]
    fn going_back_twice_goes_two_releases_back() {
        let release = Order::default();
        let back = Order::back("b".into(), BTreeMap::new());
        let (first, second, undone) = (moved("1", "2"), moved("2", "3"), moved("3", "2"));
        let history = [(&back, &undone), (&release, &second), (&release, &first)];
        let replaced = |version| super::replaced(history.into_iter(), &live(version));
        assert_eq!(replaced("3").expect("known"), live("2"));
        assert_eq!(replaced("2").expect("known"), live("1"));
        assert!(replaced("1").is_err());
    }

    #[test]
    fn a_function_that_is_gone_is_left_out() {
        let order = Order::default();
        let output = moved("1", "2");
        let mut now = live("2");
        now.remove("intake");
        let back = super::replaced([(&order, &output)].into_iter(), &now).expect("known");
        assert_eq!(back.into_keys().collect::<Vec<_>>(), ["api"]);
    }

    #[test]
    fn a_step_is_four_numbers_that_make_sense() {
        assert_eq!(step("10,60,300,20").expect("good").longest_s, 300);
        for wrong in ["10", "0,1,2,3", "100,1,2,3", "10,60,30,1", "10,x,1,1"] {
            assert!(step(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_execution_has_a_name_that_aws_takes() {
        let order = Order::back("v1.2/".repeat(40), BTreeMap::new());
        let name = order.execution_name(Timestamp::now());
        assert!(name.len() <= LONGEST_NAME);
        assert!(
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        );
    }
}
