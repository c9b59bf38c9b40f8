//! The `api` function. Inside Lambda it answers invocations; outside it serves the same router on a port.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::outbox::Aws;
use api::pool::{Connect, Pool};
use api::problem::Problem;
use api::{App, Settings, server};
use ledger::Timeouts;
use platform::database::{Databases, Target};
use platform::names::Role;
use platform::objects::Objects;
use platform::queue::Queue;
use platform::secrets::Parameters;
use platform::settings::{self, Serving};
use platform::{aws, telemetry};
use tokio::net::TcpListener;

/// Shorter than a request may take, so that a database that hangs is told as such.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(4),
    statement: Some(Duration::from_secs(12)),
    lock: Some(Duration::from_secs(5)),
    idle_in_transaction: Some(Duration::from_secs(30)),
    unanswered: Duration::from_secs(10),
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let settings = settings::Api::from_env()?;
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        let router = api::router(app(settings, None).await?);
        return api::lambda::run(router)
            .await
            .map_err(|error| anyhow::anyhow!(error));
    }
    serve(settings, Serving::from_env()?).await
}

/// Serves on a port until the process is asked to end.
async fn serve(settings: settings::Api, serving: Serving) -> anyhow::Result<()> {
    let asked = server::Asked::listen()?;
    let app = app(settings, Some(serving)).await?;
    let Serving { listen, drain, .. } = serving;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    if telemetry::in_container() {
        tokio::spawn(server::tell_traffic(app.clone()));
    }
    let stop = asked.to_stop(app.clone(), drain);
    let served = server::serve(listener, api::router(app.clone()), stop, server::PATIENCE).await;
    if telemetry::in_container() {
        app.tell_traffic();
    }
    served
}

/// Puts clients together. Nothing is connected to yet: the function must start, and say 503, without a database.
async fn app(settings: settings::Api, serving: Option<Serving>) -> anyhow::Result<App> {
    // An instance inside Lambda answers one request at a time.
    let sessions = serving.map_or(1, |serving| serving.sessions);
    let aws = aws::config().await;
    let passwords = Arc::new(Parameters::new(
        aws::ssm(&aws),
        settings.common.parameters.clone(),
    ));
    let has_replica = settings.common.database.replica.is_some();
    let databases = Arc::new(Databases::new(
        settings.common.database.clone(),
        "waybill-api",
        passwords,
    )?);
    let outbox = Aws::new(
        Objects::new(aws::s3(&aws), settings.incoming_bucket.clone()),
        Queue::new(aws::sqs(&aws), settings.queue_url.clone()),
    );
    let connect = |role, target| connect(&databases, role, target);
    let reader = connect(Role::Reader, Target::Primary);
    Ok(App::new(
        Settings {
            environment: settings.common.environment,
            release: settings.common.release,
            incoming_bucket: settings.incoming_bucket,
            public_rates: settings.public_rates,
            measured: serving.is_none(),
        },
        Pool::new(sessions, connect(Role::Api, Target::Primary)),
        if has_replica {
            Pool::reading(sessions, reader, connect(Role::Reader, Target::Replica))
        } else {
            Pool::new(sessions, reader)
        },
        Box::new(outbox),
    ))
}

fn connect(databases: &Arc<Databases>, role: Role, target: Target) -> Connect {
    let databases = Arc::clone(databases);
    Arc::new(move || {
        let databases = Arc::clone(&databases);
        Box::pin(async move {
            databases
                .connect(role, target, TIMEOUTS)
                .await
                .map_err(Problem::from)
        })
    })
}
