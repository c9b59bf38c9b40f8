//! The provision function's wiring.

use anyhow::Context as _;
use lambda_runtime::{LambdaEvent, service_fn};
use ledger::{Error, Session};
use platform::names::Names;
use platform::probe::{self, Event, Health};
use platform::secrets::Store;
use platform::settings::Provision;
use platform::{aws, database, telemetry};
use provision::{Answer, PATIENCE, ProvisionError, Request};

struct Instance {
    settings: Provision,
    names: Names,
    store: Store,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let instance = instance().await.inspect_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the function cannot start");
    })?;
    let instance = &instance;
    let handler = service_fn(move |event: LambdaEvent<Event<Request>>| {
        Box::pin(async move { instance.handle(event.payload).await })
    });
    match lambda_runtime::run(handler).await {
        Ok(()) => Ok(()),
        Err(error) => Err(anyhow::anyhow!(error)),
    }
}

impl Instance {
    async fn handle(&self, event: Event<Request>) -> Result<probe::Answer<Answer>, ProvisionError> {
        match event {
            Event::Probe => {
                let health = Health::of(&self.settings.common.release).with(
                    "the database server as its administrator",
                    self.administrator().await,
                );
                Ok(probe::Answer::Health(health))
            }
            Event::Work(request) => self.work(&request).await.map(probe::Answer::Done),
        }
    }

    async fn work(&self, request: &Request) -> Result<Answer, ProvisionError> {
        let answer = self.answer(request).await;
        let environment = request.environment.as_str();
        match &answer {
            Ok(answer) => {
                tracing::info!(environment, action = ?answer.action, "the database is as asked for");
            }
            Err(error) => tracing::error!(environment, %error, "the database is not as asked for"),
        }
        answer
    }

    async fn answer(&self, request: &Request) -> Result<Answer, ProvisionError> {
        let session = self.administrator().await?;
        provision::handle(request, &session, &self.names, &self.store).await
    }

    /// A session an invocation. A server that is only just there is waited for.
    async fn administrator(&self) -> Result<Session, Error> {
        let Provision { common, admin, .. } = &self.settings;
        let application = format!("waybill provision {}", common.release);
        database::patiently(PATIENCE, async || {
            let password = self.store.read(&self.names.admin_parameter()).await?;
            database::administrator(&common.database, admin, password, &application).await
        })
        .await
    }
}

async fn instance() -> anyhow::Result<Instance> {
    let settings = Provision::from_env().context("reading the settings")?;
    let names = Names::with_prefix(&settings.prefix, &settings.common.environment)
        .context("the environment's names")?;
    let config = aws::config().await;
    Ok(Instance {
        settings,
        names,
        store: Store::new(aws::ssm(&config)),
    })
}
