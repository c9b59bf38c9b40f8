//! The router on a port, outside Lambda, and how it stops.
//!
//! Inside Lambda there is nothing to do: an instance is ended between two invocations only. Its sessions are not closed
//! first. To be told before its end, an instance must register an extension, which every cold start would pay for; and
//! the server ends a session whose other side is silent within half a minute (`ledger` asks for that).

use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::limits;

/// How long requests in progress may take after the process was asked to stop: as long as any request may, and a little
/// for the answer to leave. Container services kill after 30 s.
pub const PATIENCE: Duration = Duration::from_secs(limits::REQUEST.as_secs() + 2);

/// Serves until `stop` ends. From then on no connection is taken, and every request in progress is answered. An error
/// if that takes longer than `patience`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    patience: Duration,
) -> anyhow::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        // Nobody listens where serving has ended already.
        stopping.send(()).ok();
    });
    let overdue = async {
        match stopped.await {
            Ok(()) => sleep(patience).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = serving => served.context("the server ended"),
        () = overdue => bail!(
            "requests were still in progress {} s after the process was asked to stop; they are cut off",
            patience.as_secs()
        ),
    }
}

/// Ends when the process is asked to end.
pub async fn asked_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: requests in progress are answered");
}
