//! The release function's wiring.

use anyhow::Context as _;
use lambda_runtime::{LambdaEvent, service_fn};
use platform::probe::{Answer, Event, Health};
use platform::{aws, settings, telemetry};
use release::{Functions, Release, ReleaseError, Request};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let instance = instance().await.inspect_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the function cannot start");
    })?;
    let instance = &instance;
    let handler =
        service_fn(move |event: LambdaEvent<Event<Request>>| handle(instance, event.payload));
    match lambda_runtime::run(handler).await {
        Ok(()) => Ok(()),
        Err(error) => Err(anyhow::anyhow!(error)),
    }
}

async fn handle(
    instance: &Release,
    event: Event<Request>,
) -> Result<Answer<release::Answer>, ReleaseError> {
    match event {
        Event::Probe => Ok(Answer::Health(Health::of(&settings::release()))),
        Event::Work(request) => instance
            .handle(request)
            .await
            .inspect(|answer| tracing::info!(answer = ?answer, "a step of a release"))
            .inspect_err(|error| tracing::error!(%error, "a step of a release failed"))
            .map(Answer::Done),
    }
}

async fn instance() -> anyhow::Result<Release> {
    let settings = settings::Release::from_env().context("reading the settings")?;
    let config = aws::config().await;
    Ok(Release {
        functions: Functions::new(aws_sdk_lambda::Client::new(&config)),
        watch: aws_sdk_cloudwatch::Client::new(&config),
        environment: settings.environment,
    })
}
