//! Servers, and what keeps them from outliving the tests.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ChildStdin;

use local::postgres::{Binaries, Cluster, Purpose};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::OnceCell;

/// A PostgreSQL server that tests may use.
pub struct Server {
    /// `None`: somebody else's server.
    cluster: Option<Cluster>,
    port: u16,
    superuser: String,
    pub(crate) template: OnceCell<String>,
    /// Its end, whenever and however it comes, takes the server with it.
    _watchdog: Option<ChildStdin>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The server of this test process, started when it is first asked for.
pub async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            match std::env::var("WAYBILL_TEST_POSTGRES") {
                Ok(url) if !url.is_empty() => Server {
                    cluster: None,
                    port: ledger::DatabaseConfig::from_url(&url)
                        .expect("WAYBILL_TEST_POSTGRES is a URL")
                        .port,
                    superuser: url,
                    template: OnceCell::new(),
                    _watchdog: None,
                },
                _ => own_server().await,
            }
        })
        .await
}

/// Another server, for a test that stops it.
pub async fn own_server() -> Server {
    fresh(Purpose::Tests).await
}

/// Another server that can have a [`Server::replica`].
pub async fn replicated_server() -> Server {
    fresh(Purpose::Replicated).await
}

async fn fresh(purpose: Purpose) -> Server {
    let start = move || {
        let binaries = Binaries::find(&[])
            .expect("PostgreSQL 15 or newer is installed, or WAYBILL_POSTGRES_BIN names it");
        run(Cluster::prepare(&binaries, &home(), purpose).expect("a server's folder"))
    };
    tokio::task::spawn_blocking(start)
        .await
        .expect("the server starts")
}

fn home() -> PathBuf {
    tempfile::Builder::new()
        .prefix("waybill-test-pg-")
        .tempdir_in("/tmp")
        .expect("a folder in /tmp")
        .keep()
}

fn run(cluster: Cluster) -> Server {
    // Before the server: from here on nothing is left behind, whatever happens.
    let (mut watchdog, _) =
        local::process::spawn_detached(&mut cluster.watchdog(), "the server's watchdog")
            .expect("a watchdog");
    let mut pipe = watchdog.stdin.take().expect("its pipe");
    pipe.flush().expect("the pipe is open");
    std::thread::spawn(move || watchdog.wait());
    let part = cluster.start(0).expect("the server starts");
    Server {
        port: part.port,
        superuser: cluster.superuser_url(part.port, "postgres"),
        cluster: Some(cluster),
        template: OnceCell::new(),
        _watchdog: Some(pipe),
    }
}

impl Server {
    /// The superuser's address of one of its databases.
    pub fn superuser_url(&self, database: &str) -> String {
        let (base, query) = self
            .superuser
            .split_once('?')
            .unwrap_or((&self.superuser, ""));
        let base = base.rsplit_once('/').expect("a URL with a database").0;
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        format!("{base}/{database}{query}")
    }

    /// The address of one of its databases for another user.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        let config = ledger::DatabaseConfig::from_url(&self.superuser).expect("a good URL");
        format!(
            "postgres://{user}:{password}@{}:{}/{database}?sslmode=disable",
            config.host, config.port
        )
    }

    /// The major version of its programs, where it is ours.
    pub fn major(&self) -> Option<&str> {
        self.cluster
            .as_ref()
            .map(|cluster| cluster.binaries().major())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A streaming replica of it, with everything that is in it by now and ever will be.
    pub async fn replica(&self) -> Server {
        let (cluster, port) = (self.own(), self.port);
        tokio::task::spawn_blocking(move || {
            run(cluster.replicate(port, &home()).expect("a replica"))
        })
        .await
        .expect("the replica starts")
    }

    /// Holds every process of it where it is: its connections stand, and nobody answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let part = self.own().running().expect("the server runs");
        let parent = part.process.pid;
        let children = format!("/proc/{parent}/task/{parent}/children");
        let children = std::fs::read_to_string(children).expect("its processes");
        for pid in children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .chain([parent.cast_signed()])
        {
            // A session that ended in between needs no signal.
            let _ = kill_process(Pid::from_raw(pid).expect("an id"), signal);
        }
    }

    fn own(&self) -> Cluster {
        self.cluster.clone().expect("a server of our own")
    }

    /// Stops it, ending every session.
    pub async fn stop(&self) {
        let cluster = self.own();
        tokio::task::spawn_blocking(move || cluster.stop())
            .await
            .expect("no panic")
            .expect("the server stops");
    }

    /// Ends it as a power cut would.
    pub async fn crash(&self) {
        let cluster = self.own();
        tokio::task::spawn_blocking(move || cluster.crash())
            .await
            .expect("no panic")
            .expect("the server ends");
    }

    /// Starts it again on the port it had.
    pub async fn start(&self) {
        let cluster = self.own();
        let port = self.port;
        let part = tokio::task::spawn_blocking(move || cluster.start(port))
            .await
            .expect("no panic")
            .expect("the server starts");
        assert_eq!(
            part.port, self.port,
            "somebody took the server's port meanwhile"
        );
    }
}
