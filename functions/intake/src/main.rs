//! The intake function's wiring: settings, clients, sessions, and the runtime.

use std::sync::Arc;

use anyhow::Context as _;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use intake::{Deadline, Intake, Loading};
use lambda_runtime::{LambdaEvent, service_fn};
use platform::database::{Databases, Target};
use platform::names::Role;
use platform::objects::S3Source;
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
    let passwords = Parameters::new(aws::ssm(&config), settings.common.parameters.as_str());
    let databases = Databases::new(
        settings.common.database.clone(),
        format!("waybill intake {}", settings.common.release),
        Arc::new(passwords),
    )?;
    let databases = Arc::new(databases);
    let s3 = aws::s3(&config);
    let queue = Queue::new(aws::sqs(&config), settings.queue_url.as_str());
    Ok(Intake {
        loading: Loading {
            ledger: databases.keep(Role::Loader, Target::Primary, ledger::Timeouts::LEDGER),
            database: databases.keep(Role::Loader, Target::Primary, ledger::Timeouts::LOAD),
            open: Box::new(move |name, etag| {
                Box::new(S3Source::new(
                    s3.clone(),
                    &name.bucket,
                    &name.key,
                    name.version.as_deref(),
                    etag,
                ))
            }),
            settings,
        },
        queue: Arc::new(queue),
    })
}
