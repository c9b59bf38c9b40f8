//! The way of a file to the intake function: a versioned bucket that tells a queue, the function's queues with their dead
//! letters, and the mappings from the queues to the function's alias.

use std::collections::HashMap;

use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType, ScalingConfig};
use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, NotificationConfiguration, QueueConfiguration,
    VersioningConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName;
use platform::names::{ALIAS, Function, Names};
use serde_json::json;

use super::clients::Clients;
use crate::failure::{Failure, OrFail as _, Outcome};

/// A queue's two names.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    /// What calls use.
    pub(crate) url: String,
    /// What mappings and policies use.
    pub(crate) arn: String,
}

/// The intake function's queues.
#[derive(Debug, Clone)]
pub(crate) struct Queues {
    /// What the bucket tells of objects.
    pub(crate) arrivals: Queue,
    /// What says that something waits.
    pub(crate) loads: Queue,
}

/// The queues and their dead letters, wired to each other. Settings that differ are put right.
pub(crate) async fn queues(clients: &Clients, names: &Names) -> Outcome<Queues> {
    let settings = names.intake_settings();
    let dead = queue(
        clients,
        &settings.dead_letter_queue,
        HashMap::from([(
            QueueAttributeName::MessageRetentionPeriod,
            settings.dead_letter_retention_s.to_string(),
        )]),
    )
    .await?;
    let redriven = || {
        HashMap::from([
            (QueueAttributeName::VisibilityTimeout, settings.visibility_s.to_string()),
            (QueueAttributeName::MessageRetentionPeriod, settings.retention_s.to_string()),
            (
                QueueAttributeName::RedrivePolicy,
                json!({"deadLetterTargetArn": dead.arn, "maxReceiveCount": settings.max_receive_count}).to_string(),
            ),
        ])
    };
    let arrivals = queue(clients, &settings.queue, redriven()).await?;
    let loads = queue(clients, &names.loads_queue(), redriven()).await?;
    let bucket = format!("arn:aws:s3:::{}", names.incoming_bucket());
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "ObjectsArrived",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arrivals.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": bucket}},
        }],
    });
    clients
        .sqs
        .set_queue_attributes()
        .queue_url(&arrivals.url)
        .attributes(QueueAttributeName::Policy, policy.to_string())
        .send()
        .await
        .or_failed(format!(
            "letting the bucket write to queue {}",
            settings.queue
        ))?;
    Ok(Queues { arrivals, loads })
}

async fn queue(
    clients: &Clients,
    name: &str,
    attributes: HashMap<QueueAttributeName, String>,
) -> Outcome<Queue> {
    let what = || format!("making queue {name}");
    // Creating with other settings than it has is refused, so it is made plain and then set.
    let url = clients
        .sqs
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .or_failed(what())?
        .queue_url
        .ok_or_else(|| Failure::failed(format!("{}: the answer names no queue", what())))?;
    clients
        .sqs
        .set_queue_attributes()
        .queue_url(&url)
        .set_attributes(Some(attributes))
        .send()
        .await
        .or_failed(what())?;
    let arn = clients
        .sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .or_failed(what())?
        .attributes
        .and_then(|mut found| found.remove(&QueueAttributeName::QueueArn))
        .ok_or_else(|| Failure::failed(format!("{}: the answer has no ARN", what())))?;
    Ok(Queue { url, arn })
}

/// A bucket, unless it is there.
pub(crate) async fn make_bucket(clients: &Clients, name: &str) -> Outcome<()> {
    match clients.s3.create_bucket().bucket(name).send().await {
        Err(error)
            if !error.as_service_error().is_some_and(|error| {
                error.is_bucket_already_owned_by_you() || error.is_bucket_already_exists()
            }) =>
        {
            Err(error).or_failed(format!("making bucket {name}"))
        }
        _ => Ok(()),
    }
}

/// The bucket of incoming files, versioned, telling the queue of every object.
pub(crate) async fn bucket(clients: &Clients, names: &Names, queue: &Queue) -> Outcome<()> {
    let name = names.incoming_bucket();
    let what = || format!("making bucket {name}");
    make_bucket(clients, &name).await?;
    clients
        .s3
        .put_bucket_versioning()
        .bucket(&name)
        .versioning_configuration(
            VersioningConfiguration::builder()
                .status(BucketVersioningStatus::Enabled)
                .build(),
        )
        .send()
        .await
        .or_failed(what())?;
    let notify = QueueConfiguration::builder()
        .id("intake")
        .queue_arn(&queue.arn)
        .events(Event::from("s3:ObjectCreated:*"))
        .build()
        .or_failed(what())?;
    clients
        .s3
        .put_bucket_notification_configuration()
        .bucket(&name)
        .notification_configuration(
            NotificationConfiguration::builder()
                .queue_configurations(notify)
                .build(),
        )
        .send()
        .await
        .or_failed(what())?;
    Ok(())
}

/// How messages of one queue reach the function.
struct Mapping<'a> {
    queue: &'a Queue,
    function: String,
    batch_size: u32,
    window_s: u32,
    concurrency: u32,
}

/// The mappings from both queues to the alias of the intake function: exactly one each.
pub(crate) async fn mappings(clients: &Clients, names: &Names, queues: &Queues) -> Outcome<()> {
    let (settings, waiting) = (names.intake_settings(), names.loads_settings());
    let function = format!("{}:{ALIAS}", names.function(Function::Intake));
    let arrivals = Mapping {
        queue: &queues.arrivals,
        function: function.clone(),
        batch_size: settings.batch_size,
        window_s: settings.window_s,
        concurrency: settings.maximum_concurrency,
    };
    let loads = Mapping {
        queue: &queues.loads,
        function,
        batch_size: waiting.batch_size,
        window_s: 0,
        concurrency: waiting.maximum_concurrency,
    };
    for mapping in [arrivals, loads] {
        ensure(clients, &mapping).await?;
    }
    Ok(())
}

async fn ensure(clients: &Clients, wanted: &Mapping<'_>) -> Outcome<()> {
    let what = "mapping a queue to the intake function";
    let found = clients
        .lambda
        .list_event_source_mappings()
        .event_source_arn(&wanted.queue.arn)
        .send()
        .await
        .or_failed(what)?
        .event_source_mappings
        .unwrap_or_default();
    let (good, others): (Vec<_>, Vec<_>) = found
        .iter()
        .partition(|mapping| is_as_wanted(mapping, wanted));
    for mapping in others.iter().chain(good.iter().skip(1)) {
        clients
            .lambda
            .delete_event_source_mapping()
            .set_uuid(mapping.uuid.clone())
            .send()
            .await
            .or_failed(what)?;
    }
    if !good.is_empty() {
        return Ok(());
    }
    let number = |wanted: u32| i32::try_from(wanted).or_failed(what);
    clients
        .lambda
        .create_event_source_mapping()
        .event_source_arn(&wanted.queue.arn)
        .function_name(&wanted.function)
        .batch_size(number(wanted.batch_size)?)
        .maximum_batching_window_in_seconds(number(wanted.window_s)?)
        .function_response_types(FunctionResponseType::ReportBatchItemFailures)
        .scaling_config(
            ScalingConfig::builder()
                .maximum_concurrency(number(wanted.concurrency)?)
                .build(),
        )
        .send()
        .await
        .or_failed(what)?;
    Ok(())
}

fn is_as_wanted(found: &EventSourceMappingConfiguration, wanted: &Mapping<'_>) -> bool {
    let number =
        |found: Option<i32>, wanted: u32| i64::from(found.unwrap_or_default()) == i64::from(wanted);
    found
        .function_arn
        .as_deref()
        .is_some_and(|arn| arn.ends_with(&format!(":function:{}", wanted.function)))
        && found.state.as_deref() != Some("Disabled")
        && number(found.batch_size, wanted.batch_size)
        && number(found.maximum_batching_window_in_seconds, wanted.window_s)
        && number(
            found
                .scaling_config
                .as_ref()
                .and_then(|scaling| scaling.maximum_concurrency),
            wanted.concurrency,
        )
        && found.function_response_types() == [FunctionResponseType::ReportBatchItemFailures]
}
