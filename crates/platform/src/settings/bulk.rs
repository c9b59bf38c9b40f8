//! The task lane's queues and job definitions, by size class.

use std::collections::BTreeMap;

use super::{SettingsError, Variables, keys};
use crate::names::Names;

/// From which size of its content on a batch is of the class `large`.
const LARGE_BYTES: u64 = 20 << 30;

/// The task lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// What is known to be small, and is not urgent.
    pub small: Class,
    /// What is large, or may be.
    pub large: Class,
    /// What goes before all others.
    pub urgent: Class,
}

/// A size class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The job queue.
    pub queue: String,
    /// The part of the job definition's name that all releases share.
    pub definition: String,
}

impl Class {
    /// The job definition of a release: each has its own, with its image by digest, so that a batch is loaded by the
    /// release that took it in. `scripts/workflow/containers` names it so too.
    pub fn definition_of(&self, release: &str) -> String {
        let short: String = release.chars().take(12).collect();
        format!("{}-{short}", self.definition)
    }
}

impl Bulk {
    /// Reads them; `None` where an environment has no task lane.
    pub(super) fn read(from: Variables<'_>) -> Result<Option<Self>, SettingsError> {
        if from.optional(keys::BULK_QUEUE_SMALL).is_none() {
            return Ok(None);
        }
        let class = |queue, definition| {
            Ok(Class {
                queue: from.required(queue, "a job queue of the task lane")?,
                definition: from.required(definition, "a job definition of the task lane")?,
            })
        };
        Ok(Some(Bulk {
            small: class(keys::BULK_QUEUE_SMALL, keys::BULK_JOB_SMALL)?,
            large: class(keys::BULK_QUEUE_LARGE, keys::BULK_JOB_LARGE)?,
            urgent: class(keys::BULK_QUEUE_URGENT, keys::BULK_JOB_URGENT)?,
        }))
    }

    /// The task lane of an environment.
    pub fn of(names: &Names) -> Self {
        let class = |name| Class {
            queue: names.job_queue(name),
            definition: names.job_queue(name),
        };
        Bulk {
            small: class("small"),
            large: class("large"),
            urgent: class("urgent"),
        }
    }

    /// The classes, the urgent one first.
    pub fn classes(&self) -> [&Class; 3] {
        [&self.urgent, &self.small, &self.large]
    }

    /// The class of a batch with so much content; `None`: nobody knows.
    pub fn class(&self, bytes: Option<u64>, urgent: bool) -> &Class {
        match bytes {
            _ if urgent => &self.urgent,
            Some(bytes) if bytes < LARGE_BYTES => &self.small,
            _ => &self.large,
        }
    }

    /// The same as variables.
    pub(super) fn variables(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            (keys::BULK_QUEUE_SMALL, self.small.queue.clone()),
            (keys::BULK_QUEUE_LARGE, self.large.queue.clone()),
            (keys::BULK_QUEUE_URGENT, self.urgent.queue.clone()),
            (keys::BULK_JOB_SMALL, self.small.definition.clone()),
            (keys::BULK_JOB_LARGE, self.large.definition.clone()),
            (keys::BULK_JOB_URGENT, self.urgent.definition.clone()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_small_gets_a_small_machine() {
        let bulk = Bulk::of(&Names::new("test").expect("a name"));
        assert_eq!(bulk.class(Some(LARGE_BYTES - 1), false), &bulk.small);
        assert_eq!(bulk.class(Some(LARGE_BYTES), false), &bulk.large);
        assert_eq!(bulk.class(None, false), &bulk.large);
        assert_eq!(bulk.class(None, true), &bulk.urgent);
    }
}
