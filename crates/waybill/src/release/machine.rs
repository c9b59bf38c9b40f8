//! An environment's release machine: found by its name, started, stopped, and asked what it did. The machine itself is
//! `iac/modules/release/definition.asl.json`; what it is told and answers is in `order`.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};
use jiff::Timestamp;
use platform::names::Names;
use serde::Serialize;
use serde_json::Value;

use super::order::{Order, Output};
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::target;

/// The state from which on nothing is put back any more.
pub(crate) const MOVED: &str = "It is live";
/// The most events of one call.
const EVENTS: i32 = 200;

/// An environment's.
#[derive(Debug)]
pub(crate) struct Machine {
    client: Client,
    arn: String,
}

/// How far an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// On its way.
    Running,
    /// The release is live.
    Live,
    /// Every alias is where it was.
    TakenBack,
    /// Another one was on its way, or it could not look: nothing was touched.
    NotBegun,
    /// Not every alias could be put back.
    Stuck,
    /// It ended in a way that the machine does not know.
    Unknown,
    /// Somebody stopped it; the machine puts the aliases back in an execution of its own.
    Stopped,
}

/// One run of the machine.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Execution {
    /// Its ARN.
    #[serde(rename = "execution")]
    pub(crate) arn: String,
    /// The release, or what else it was for.
    #[serde(flatten)]
    pub(crate) order: Order,
    /// How far it is.
    pub(crate) status: Status,
    /// When it began.
    pub(crate) started_at: Option<Timestamp>,
    /// When it ended.
    pub(crate) ended_at: Option<Timestamp>,
    /// Why it did not end well.
    pub(crate) reason: Option<String>,
    /// What it did, where it ended well.
    pub(crate) output: Option<Output>,
}

impl Machine {
    /// Finds an environment's.
    pub(crate) async fn find(config: &SdkConfig, names: &Names) -> Outcome<Self> {
        let client = Client::new(config);
        let name = names.release_machine();
        let mut pages = client.list_state_machines().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.or_unreachable("listing the state machines")?;
            if let Some(found) = page.state_machines.into_iter().find(|one| one.name == name) {
                return Ok(Self {
                    client,
                    arn: found.state_machine_arn,
                });
            }
        }
        Err(
            Failure::unreachable(format!("there is no state machine {name}"))
                .advice(target::ACCOUNT),
        )
    }

    /// Starts an execution; answers its ARN.
    pub(crate) async fn start(&self, order: &Order) -> Outcome<String> {
        let input = serde_json::to_string(order).or_failed("writing the order")?;
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(order.execution_name(Timestamp::now()))
            .input(input)
            .send()
            .await
            .or_unreachable(format!("starting {}", order.title()))?;
        Ok(started.execution_arn)
    }

    /// Stops one that runs.
    pub(crate) async fn stop(&self, execution: &str) -> Outcome<()> {
        self.client
            .stop_execution()
            .execution_arn(execution)
            .error("Stopped")
            .cause("stopped by hand")
            .send()
            .await
            .map(drop)
            .or_unreachable(format!("stopping {execution}"))
    }

    /// The execution that is on its way, if there is one.
    pub(crate) async fn running(&self) -> Outcome<Option<Execution>> {
        let page = self
            .client
            .list_executions()
            .state_machine_arn(&self.arn)
            .status_filter(ExecutionStatus::Running)
            .send()
            .await
            .or_unreachable("listing the executions")?;
        for item in page.executions {
            let execution = self.describe(&item.execution_arn).await?;
            // What is only looking whether there is something to recover is no release.
            if !execution.order.recover {
                return Ok(Some(execution));
            }
        }
        Ok(None)
    }

    /// The newest executions, newest first; those that only looked for something to recover are left out.
    pub(crate) async fn recent(&self, most: usize) -> Outcome<Vec<Execution>> {
        let mut pages = self
            .client
            .list_executions()
            .state_machine_arn(&self.arn)
            .into_paginator()
            .items()
            .send();
        let mut executions = Vec::new();
        while executions.len() < most {
            let Some(item) = pages.next().await else {
                break;
            };
            let item = item.or_unreachable("listing the executions")?;
            let execution = self.describe(&item.execution_arn).await?;
            if !execution.order.recover {
                executions.push(execution);
            }
        }
        Ok(executions)
    }

    /// All that is known of one.
    pub(crate) async fn describe(&self, execution: &str) -> Outcome<Execution> {
        let what = || format!("looking at {execution}");
        let found = self
            .client
            .describe_execution()
            .execution_arn(execution)
            .send()
            .await
            .or_unreachable(what())?;
        let order =
            serde_json::from_str(found.input.as_deref().unwrap_or("{}")).or_failed(what())?;
        let output = match found.output.as_deref() {
            Some(text) => serde_json::from_str(text).or_failed(what())?,
            None => None,
        };
        let status = match (&found.status, found.error.as_deref()) {
            (ExecutionStatus::Running | ExecutionStatus::PendingRedrive, _) => Status::Running,
            (ExecutionStatus::Succeeded, _) => Status::Live,
            (ExecutionStatus::Failed, Some("NotBegun")) => Status::NotBegun,
            (ExecutionStatus::Failed, Some("TakenBack")) => Status::TakenBack,
            (ExecutionStatus::Failed, Some("Stuck")) => Status::Stuck,
            (ExecutionStatus::Failed, _) => Status::Unknown,
            _ => Status::Stopped,
        };
        Ok(Execution {
            arn: found.execution_arn,
            order,
            status,
            started_at: timestamp(Some(found.start_date)),
            ended_at: timestamp(found.stop_date),
            reason: found.cause,
            output,
        })
    }

    /// Whether a release that is on its way has moved everything: what it still does is tidying up.
    pub(crate) async fn has_moved(&self, execution: &str) -> Outcome<bool> {
        let events = self.events(execution, 0).await?;
        let mut entered = events
            .iter()
            .filter_map(|event| event.state_entered_event_details.as_ref());
        Ok(entered.any(|state| state.name == MOVED))
    }

    /// What happened after an event, oldest first.
    pub(crate) async fn events(&self, execution: &str, after: i64) -> Outcome<Vec<HistoryEvent>> {
        let mut pages = self
            .client
            .get_execution_history()
            .execution_arn(execution)
            .reverse_order(true)
            .max_results(EVENTS)
            .into_paginator()
            .items()
            .send();
        let mut events = Vec::new();
        while let Some(event) = pages.next().await {
            let event = event.or_unreachable(format!("reading what happened in {execution}"))?;
            if event.id <= after {
                break;
            }
            events.push(event);
        }
        events.reverse();
        Ok(events)
    }
}

impl Execution {
    /// The failure that an execution which did not end well is.
    pub(crate) fn failure(&self, environment: &str) -> Failure {
        let reason = self.reason.as_deref().unwrap_or("no reason is given");
        let what = self.order.title();
        match self.status {
            Status::NotBegun => Failure::failed(format!("{what} did not begin: {reason}")),
            Status::Stopped => Failure::failed(format!("{what} was stopped: {reason}")).advice(format!(
                "`waybill release recover --environment {environment}` makes sure that every alias is back"
            )),
            Status::Unknown => Failure::failed(format!("{what} ended, and it is not known how: {reason}")).advice(format!(
                "`waybill release recover --environment {environment}` makes sure that every alias is where it belongs"
            )),
            Status::Stuck => Failure::failed(format!("{what} failed, and not every alias is back: {reason}"))
                .advice(format!(
                    "`waybill release recover --environment {environment}` tries again; docs/runbooks/release-failed.md has the rest"
                )),
            Status::TakenBack | Status::Running | Status::Live => {
                Failure::failed(format!("{what} was taken back: {reason}"))
            }
        }
    }
}

/// What an event's state was given back, as JSON.
pub(crate) fn exited(event: &HistoryEvent) -> Option<(&str, Value)> {
    let details = event.state_exited_event_details.as_ref()?;
    let output = serde_json::from_str(details.output.as_deref()?).ok()?;
    Some((&details.name, output))
}

/// When an event was.
pub(crate) fn at(event: &HistoryEvent) -> Option<Timestamp> {
    timestamp(Some(event.timestamp))
}

fn timestamp(at: Option<aws_sdk_sfn::primitives::DateTime>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::new(at.secs(), at.subsec_nanos() as i32).ok())
}
