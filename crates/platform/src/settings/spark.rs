//! The Spark lane: what starts its jobs, and for what.

use std::collections::BTreeMap;

use super::{SettingsError, Variables, keys};
use crate::names::Names;

/// From which size on a batch is for the Spark lane: beyond it no task takes the content (`reader::Limits`).
const DEFAULT_BYTES: u64 = 64 << 30;

const MACHINE: &str = "the ARN of a state machine";

/// The Spark lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spark {
    /// The ARN of the state machine that runs a job.
    pub machine: String,
    /// From which size of the content on a batch is for this lane.
    pub from_bytes: u64,
}

impl Spark {
    /// Reads it; `None` where an environment has no Spark lane.
    pub(super) fn read(from: Variables<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(machine) = from.optional(keys::SPARK_MACHINE) else {
            return Ok(None);
        };
        if !machine.contains(":stateMachine:") {
            return Err(SettingsError::Invalid {
                key: keys::SPARK_MACHINE,
                value: machine,
                expected: MACHINE,
            });
        }
        Ok(Some(Spark {
            machine,
            from_bytes: from
                .parsed(keys::SPARK_LANE_BYTES, "a number of bytes")?
                .unwrap_or(DEFAULT_BYTES),
        }))
    }

    /// The Spark lane of an environment that has one. Where the machine is, only its account knows.
    pub(super) fn of(names: &Names) -> Option<Self> {
        (names.spark_workers() > 0).then(|| Spark {
            machine: String::new(),
            from_bytes: DEFAULT_BYTES,
        })
    }

    /// The ARN of an execution of the machine.
    pub fn execution(&self, name: &str) -> String {
        let machine = self.machine.replacen(":stateMachine:", ":execution:", 1);
        format!("{machine}:{name}")
    }

    /// The same as variables.
    pub(super) fn variables(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            (keys::SPARK_MACHINE, self.machine.clone()),
            (keys::SPARK_LANE_BYTES, self.from_bytes.to_string()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(machine: &str) -> Result<Option<Spark>, SettingsError> {
        let look_up = |key: &str| (key == keys::SPARK_MACHINE).then(|| machine.to_owned());
        Spark::read(Variables::new(&look_up))
    }

    #[test]
    fn an_execution_is_named_below_its_machine() {
        let spark = read("arn:aws:states:eu-west-1:1:stateMachine:waybill-prod-spark");
        assert_eq!(
            spark.expect("read").expect("there").execution("a-1"),
            "arn:aws:states:eu-west-1:1:execution:waybill-prod-spark:a-1"
        );
    }

    #[test]
    fn without_a_machine_there_is_no_lane_and_a_bare_name_is_refused() {
        assert_eq!(read(""), Ok(None));
        let error = read("waybill-prod-spark").expect_err("no ARN");
        assert_eq!(
            error.to_string(),
            "WAYBILL_SPARK_MACHINE is `waybill-prod-spark`, but must be the ARN of a state machine"
        );
    }
}
