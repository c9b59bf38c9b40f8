//! The janitor function's wiring.

use anyhow::Context as _;
use aws_sdk_rds::Client;
use janitor::{Done, JanitorError, Request};
use lambda_runtime::{LambdaEvent, service_fn};
use platform::probe::{Answer, Event, Health};
use platform::settings::Janitor;
use platform::{aws, settings, telemetry};

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
    let handler =
        service_fn(move |event: LambdaEvent<Event<Request>>| instance.handle(event.payload));
    match lambda_runtime::run(handler).await {
        Ok(()) => Ok(()),
        Err(error) => Err(anyhow::anyhow!(error)),
    }
}

impl Instance {
    async fn handle(&self, event: Event<Request>) -> Result<Answer<Vec<Done>>, JanitorError> {
        match event {
            Event::Probe => {
                let seen = janitor::look(&self.client, &self.settings.servers).await;
                let health = Health::of(&settings::release()).with("the database servers", seen);
                Ok(Answer::Health(health))
            }
            Event::Work(request) => janitor::handle(&self.client, &self.settings.servers, request)
                .await
                .map(Answer::Done),
        }
    }
}

async fn instance() -> anyhow::Result<Instance> {
    Ok(Instance {
        settings: Janitor::from_env().context("reading the settings")?,
        client: Client::new(&aws::config().await),
    })
}
