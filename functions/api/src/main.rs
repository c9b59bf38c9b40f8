//! The `api` function. Inside Lambda it answers invocations; outside it serves the same router on a port.

use std::net::SocketAddr;
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
use platform::{aws, settings, telemetry};
use tokio::net::TcpListener;

/// Where the router is served outside Lambda unless told.
const LISTEN: &str = "127.0.0.1:8080";
/// Sessions of each role outside Lambda; inside an instance answers one request at a time.
const SESSIONS: usize = 8;

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
    let in_lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let settings = settings::Api::from_env()?;
    let router = api::router(app(settings, in_lambda).await?);
    if in_lambda {
        return api::lambda::run(router)
            .await
            .map_err(|error| anyhow::anyhow!(error));
    }
    let address: SocketAddr = std::env::var("WAYBILL_LISTEN")
        .unwrap_or_else(|_| LISTEN.to_owned())
        .parse()
        .context("WAYBILL_LISTEN must be an address and a port, as 127.0.0.1:8080")?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    server::serve(listener, router, server::asked_to_stop(), server::PATIENCE).await
}

/// Puts clients together. Nothing is connected to yet: the function must start, and say 503, without a database.
async fn app(settings: settings::Api, in_lambda: bool) -> anyhow::Result<App> {
    let sessions = if in_lambda { 1 } else { SESSIONS };
    let aws = aws::config().await;
    let passwords = Arc::new(Parameters::new(
        aws::ssm(&aws),
        settings.common.parameters.clone(),
    ));
    let databases = Arc::new(Databases::new(
        settings.common.database.clone(),
        "waybill-api",
        passwords,
    )?);
    let outbox = Aws::new(
        Objects::new(aws::s3(&aws), settings.incoming_bucket.clone()),
        Queue::new(aws::sqs(&aws), settings.queue_url.clone()),
    );
    Ok(App::new(
        Settings {
            environment: settings.common.environment,
            release: settings.common.release,
            incoming_bucket: settings.incoming_bucket,
            public_rates: settings.public_rates,
            // Elsewhere nobody reads such lines.
            measured: in_lambda,
        },
        pool(&databases, Role::Api, Target::Primary, sessions),
        pool(&databases, Role::Reader, Target::Replica, sessions),
        Box::new(outbox),
    ))
}

fn pool(databases: &Arc<Databases>, role: Role, target: Target, size: usize) -> Pool {
    let databases = Arc::clone(databases);
    let connect: Connect = Arc::new(move || {
        let databases = Arc::clone(&databases);
        Box::pin(async move {
            databases
                .connect(role, target, TIMEOUTS)
                .await
                .map_err(Problem::from)
        })
    });
    Pool::new(size, connect)
}
