//! The janitor function's wiring.

use anyhow::Context as _;
use aws_sdk_rds::Client;
use janitor::{Done, JanitorError, Request};
use lambda_runtime::{LambdaEvent, service_fn};
use platform::settings::Janitor;
use platform::{aws, telemetry};

struct Instance {
    client: Client,
    settings: Janitor,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let instance = instance().await.inspect_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the function cannot start");
    })?;
    let instance = &instance;
    let handler = service_fn(move |event: LambdaEvent<Request>| instance.handle(event.payload));
    match lambda_runtime::run(handler).await {
        Ok(()) => Ok(()),
        Err(error) => Err(anyhow::anyhow!(error)),
    }
}

impl Instance {
    async fn handle(&self, request: Request) -> Result<Vec<Done>, JanitorError> {
        janitor::handle(&self.client, &self.settings.servers, request).await
    }
}

async fn instance() -> anyhow::Result<Instance> {
    Ok(Instance {
        settings: Janitor::from_env().context("reading the settings")?,
        client: Client::new(&aws::config().await),
    })
}
