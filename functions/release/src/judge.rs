//! One look at a step: everything that is known of it, and the verdict.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::StateValue;
use canary::{Alarms, Evidence, Policy, Synthetic, Verdict};
use serde::Deserialize;

use crate::calls::unreachable;
use crate::evidence::collect;
use crate::{ReleaseError, Target, traffic};

/// What the machine knows of a step.
#[derive(Debug, Clone, Deserialize)]
pub struct Look {
    /// The release's functions.
    pub targets: Vec<Target>,
    /// The step.
    pub step: Step,
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    /// What the environment's alarms begin with.
    pub alarm_prefix: String,
    /// The alarms that were red when the release began.
    pub red: Vec<String>,
    /// The requests that were made in this step.
    pub synthetic: Vec<Synthetic>,
}

/// One step of a release.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Step {
    /// The share of the traffic, in per cent.
    pub weight: f64,
    /// How long it takes at least.
    pub wait_s: u64,
    /// How long traffic is waited for.
    pub longest_s: u64,
    /// Requests that the new version must have answered.
    pub minimum: u64,
}

/// Collects and judges.
pub(crate) async fn judge(
    client: &Client,
    environment: &str,
    look: Look,
) -> Result<Verdict, ReleaseError> {
    let began = UNIX_EPOCH + Duration::from_millis(look.began_ms);
    let changed: Vec<Target> = look
        .targets
        .into_iter()
        .filter(|target| target.from != target.to)
        .collect();
    let evidence = Evidence {
        elapsed_s: SystemTime::now()
            .duration_since(began)
            .unwrap_or_default()
            .as_secs(),
        indicators: collect(client, environment, &changed, began).await?,
        synthetic: traffic::possible(&changed, look.synthetic),
        alarms: Alarms {
            red: red(client, &look.alarm_prefix).await?,
            red_before: look.red,
        },
    };
    let Step {
        minimum,
        wait_s,
        longest_s,
        ..
    } = look.step;
    let verdict = canary::judge(&evidence, &Policy::new(minimum, wait_s, longest_s));
    tracing::info!(?evidence, ?verdict, weight = look.step.weight, "judged");
    Ok(verdict)
}

/// Alarms that say nothing of a new version. Those on releases are about an earlier one. Those on functions and on batches
/// turn red at the first failure, whoever's it is: the same failures are counted here, by version.
const NOT_ASKED: [&str; 3] = ["release-", "function-", "batches-"];

/// The names of the environment's alarms that are red now.
async fn red(client: &Client, prefix: &str) -> Result<Vec<String>, ReleaseError> {
    let mut pages = client
        .describe_alarms()
        .alarm_name_prefix(prefix)
        .state_value(StateValue::Alarm)
        .into_paginator()
        .send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| unreachable("reading the alarms".to_owned(), &error))?;
        let found = page.metric_alarms.unwrap_or_default();
        let found = found.into_iter().filter_map(|alarm| alarm.alarm_name);
        names.extend(found.filter(|name| {
            let own = name.strip_prefix(prefix).unwrap_or(name);
            !NOT_ASKED.iter().any(|kind| own.starts_with(kind))
        }));
    }
    Ok(names)
}
