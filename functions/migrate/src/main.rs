//! The migrate function's wiring.

use std::sync::Arc;

use anyhow::Context as _;
use lambda_runtime::{LambdaEvent, service_fn};
use ledger::Session;
use migrate::{Answer, MigrateError, PATIENCE, Request};
use platform::database::{Databases, Target};
use platform::names::Role;
use platform::probe::{self, Event, Health};
use platform::secrets::Parameters;
use platform::{aws, settings, telemetry};
use tokio::time::Instant;

struct Instance {
    release: String,
    databases: Databases,
    passwords: Arc<Parameters>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let instance = instance().await.inspect_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the function cannot start");
    })?;
    let instance = &instance;
    let handler = service_fn(move |event: LambdaEvent<Event<Request>>| {
        Box::pin(async move {
            let until = migrate::until(event.context.deadline());
            instance.handle(event.payload, until).await
        })
    });
    match lambda_runtime::run(handler).await {
        Ok(()) => Ok(()),
        Err(error) => Err(anyhow::anyhow!(error)),
    }
}

impl Instance {
    async fn handle(
        &self,
        event: Event<Request>,
        until: Instant,
    ) -> Result<probe::Answer<Answer>, MigrateError> {
        match event {
            Event::Probe => {
                let health =
                    Health::of(&self.release).with("the database as its owner", self.owner().await);
                Ok(probe::Answer::Health(health))
            }
            Event::Work(request) => self.work(request, until).await.map(probe::Answer::Done),
        }
    }

    async fn work(&self, request: Request, until: Instant) -> Result<Answer, MigrateError> {
        let answer = self.answer(request, until).await;
        match &answer {
            Ok(Answer::Schema(schema)) => {
                let report = schema.report.as_ref();
                tracing::info!(
                    applied = ?report.map(|report| &report.applied),
                    version = report.map(|report| report.version),
                    "the contracts fit the database"
                );
            }
            Ok(Answer::Created { id, .. }) => tracing::info!(id, "an API key was made"),
            Ok(Answer::Revoked { revoked }) => tracing::info!(revoked, "an API key was revoked"),
            Ok(Answer::Keys(_)) => {}
            Err(error) => tracing::error!(%error, "the owner's work was not done"),
        }
        answer
    }

    async fn answer(&self, request: Request, until: Instant) -> Result<Answer, MigrateError> {
        let mut session = self.owner().await?;
        migrate::handle(
            request,
            &mut session,
            &*self.passwords,
            &self.release,
            until,
        )
        .await
    }

    /// A session an invocation: this function runs once a release.
    async fn owner(&self) -> Result<Session, ledger::Error> {
        self.databases
            .connect_within(
                Role::Owner,
                Target::Primary,
                ledger::Timeouts::MIGRATE,
                PATIENCE,
            )
            .await
    }
}

async fn instance() -> anyhow::Result<Instance> {
    let settings = settings::Common::from_env().context("reading the settings")?;
    let config = aws::config().await;
    let passwords = Arc::new(Parameters::new(
        aws::ssm(&config),
        settings.parameters.as_str(),
    ));
    let application = format!("waybill migrate {}", settings.release);
    Ok(Instance {
        release: settings.release,
        databases: Databases::new(settings.database, application, passwords.clone())?,
        passwords,
    })
}
