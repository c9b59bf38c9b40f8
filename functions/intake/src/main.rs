//! The intake function's wiring: settings, clients, sessions, and the runtime.

use std::sync::Arc;

use anyhow::Context as _;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use intake::{Deadline, Hide, Intake, Queues, SparkLane};
use lambda_runtime::{LambdaEvent, service_fn};
use lane::{Loading, Sessions};
use ledger::Lane;
use loader::LoadSettings;
use platform::database::Databases;
use platform::executions::Executions;
use platform::jobs::{BatchJobs, Tasks};
use platform::probe::{Answer, Event};
use platform::queue::Queue;
use platform::secrets::Parameters;
use platform::{aws, settings, telemetry};
use tokio::sync::Mutex;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let instance = Mutex::new(instance().await.inspect_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the function cannot start");
    })?);
    let instance = &instance;
    let handler = service_fn(move |event: LambdaEvent<Event<SqsEvent>>| {
        let deadline = Deadline::new(event.context.deadline());
        // Boxed: the whole of a load is in this future.
        Box::pin(async move {
            // Lambda calls one at a time: nobody waits here.
            let mut instance = instance.lock().await;
            let answer = match event.payload {
                Event::Probe => Answer::Health(instance.health().await),
                Event::Work(messages) => Answer::Done(instance.handle(messages, deadline).await),
            };
            Ok::<Answer<SqsBatchResponse>, std::convert::Infallible>(answer)
        })
    });
    match lambda_runtime::run(handler).await {
        Ok(()) => Ok(()),
        Err(error) => Err(anyhow::anyhow!(error)),
    }
}

async fn instance() -> anyhow::Result<Intake> {
    let settings = settings::Intake::from_env().context("reading the settings")?;
    let config = aws::config().await;
    let release = settings.common.release.clone();
    let passwords = Parameters::new(aws::ssm(&config), settings.common.parameters.as_str());
    let databases = Arc::new(Databases::new(
        settings.common.database.clone(),
        format!("waybill intake {release}"),
        Arc::new(passwords),
    )?);
    let s3 = aws::s3(&config);
    let sqs = aws::sqs(&config);
    let loads = Arc::new(Queue::new(sqs.clone(), settings.loads_url.as_str()));
    let tasks = settings.bulk.map(|bulk| {
        Arc::new(BatchJobs::new(aws::batch(&config), bulk, release.as_str())) as Arc<dyn Tasks>
    });
    let spark = settings.spark.map(|spark| SparkLane {
        from_bytes: spark.from_bytes,
        jobs: Arc::new(Executions::new(
            aws::states(&config),
            spark,
            release.as_str(),
        )),
    });
    Ok(Intake {
        incoming_bucket: settings.incoming_bucket,
        loading: Loading {
            settings: lane::Settings {
                environment: settings.common.environment,
                release,
                lane: Lane::Function,
                largest: Some(settings.lane_bytes),
                overflow: tasks.as_ref().map(|_| Lane::Task),
                load: LoadSettings {
                    lease: settings.lease,
                    ..LoadSettings::default()
                },
            },
            sessions: Sessions::of(&databases),
            open: lane::from_s3(s3),
        },
        queues: Queues {
            arrivals: Arc::new(Queue::new(sqs, settings.queue_url.as_str())),
            loads_name: loads.name().to_owned(),
            loads: Arc::clone(&loads) as Arc<dyn Hide>,
            tell: loads,
        },
        tasks,
        undo_rows: settings.undo_rows,
        spark,
    })
}
