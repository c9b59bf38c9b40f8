//! The router on a port, outside Lambda, and how it stops.
//!
//! Inside Lambda there is nothing to do: an instance is ended between two invocations only. Its sessions are not closed
//! first. To be told before its end, an instance must register an extension, which every cold start would pay for; and
//! the server ends a session whose other side is silent within half a minute (`ledger` asks for that).

use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::{App, limits};

/// How long requests in progress may take after the last one was taken: as long as any request may, and a little for the
/// answer to leave. Whoever kills a process that does not end must wait longer than this and the draining before it.
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
    // An answer is whole when it is written: there is nothing to collect it with. Where that cannot be set it waits.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
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

/// The signals by which a process is asked to stop. They are heard from here on: whoever is to be found on a port must
/// hear them before, or the first that comes ends it as it stands.
pub struct Asked {
    terminate: Signal,
    interrupt: Signal,
}

impl Asked {
    /// Begins to listen for them.
    pub fn listen() -> anyhow::Result<Self> {
        let heard = |kind| signal(kind).context("listening for signals");
        Ok(Asked {
            terminate: heard(SignalKind::terminate())?,
            interrupt: heard(SignalKind::interrupt())?,
        })
    }

    /// Ends when no request should be taken any more.
    ///
    /// Asked by SIGTERM, the process says for `drain` that it is about to end, while it goes on answering: whoever sends
    /// requests must be able to learn of it first. A keep-alive connection that were closed at once could have a request
    /// on its way. A person's Ctrl-C waits for nobody.
    pub async fn to_stop(mut self, app: App, drain: Duration) {
        tokio::select! {
            _ = self.terminate.recv() => {
                app.drain();
                tracing::info!(drain_s = drain.as_secs(), "draining: requests should go elsewhere");
                sleep(drain).await;
            }
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping: requests in progress are answered");
    }
}

/// How often requests are told in one line.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Tells of requests every minute, for ever.
pub async fn tell_traffic(app: App) {
    loop {
        sleep(TOLD_EVERY).await;
        app.tell_traffic();
    }
}
