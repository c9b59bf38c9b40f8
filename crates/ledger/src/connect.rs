//! Sessions with the database: settings, TLS against a named authority, and time limits on everything.
//!
//! Every session states its own limits at start, so that no call waits for ever, neither here (TCP) nor on
//! the server (statement, lock, idle transaction).

use std::{fmt, ops, pin::pin, sync::Arc, time::Duration};

use tokio::sync::oneshot;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, ErrorKind, Result, chain};

/// A secret text. It prints as `[secret]`; [`Secret::expose`] is the only way to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself: for the call that needs it, never for a log line.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// How the way to the database is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: this machine only.
    Off,
    /// TLS; the server's certificate must be signed by one of these authorities (PEM) and name the host.
    Verify(String),
}

/// How long to wait for what. `None` is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection to stand.
    pub connect: Duration,
    /// For one statement, a whole COPY being one.
    pub statement: Option<Duration>,
    /// For a lock.
    pub lock: Option<Duration>,
    /// Between two statements of a transaction.
    pub idle_in_transaction: Option<Duration>,
    /// For the other side to acknowledge what was sent.
    pub unanswered: Duration,
}

impl Timeouts {
    /// Short calls: the ledger's own and the API's.
    pub const LEDGER: Self = Self {
        connect: Duration::from_secs(5),
        statement: Some(Duration::from_secs(30)),
        lock: Some(Duration::from_secs(10)),
        idle_in_transaction: Some(Duration::from_secs(60)),
        unanswered: Duration::from_secs(20),
    };
    /// The session that carries a load's one COPY, which may take hours.
    pub const LOAD: Self = Self {
        connect: Duration::from_secs(5),
        statement: None,
        lock: Some(Duration::from_secs(60)),
        idle_in_transaction: Some(Duration::from_secs(600)),
        // A server that checkpoints may read nothing for a while, which looks the same from here.
        unanswered: Duration::from_secs(300),
    };
    /// Migrations: they set their own limits for each step.
    pub const MIGRATE: Self = Self {
        connect: Duration::from_secs(10),
        statement: Some(Duration::from_secs(300)),
        lock: Some(Duration::from_secs(5)),
        idle_in_transaction: Some(Duration::from_secs(300)),
        unanswered: Duration::from_secs(60),
    };
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::LEDGER
    }
}

/// Where the database is and who we are there.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// A name, an address, or the directory of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The login role.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// How the way is protected.
    pub tls: Tls,
    /// What the server's activity view shows.
    pub application_name: String,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl DatabaseConfig {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`.
    ///
    /// `sslmode=disable` turns TLS off; `sslmode=verify-full&sslrootcert=<file>` verifies. Without `sslmode`, TLS is
    /// off for this machine and an error for any other.
    pub fn from_url(url: &str) -> Result<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut mode = None;
        let mut roots = None;
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => roots = Some(value.replace("%2F", "/")),
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", rest.join("&"))
        };
        let config: Config = plain.parse().map_err(|_| {
            config_error("the database URL cannot be read: postgres://user:password@host:port/database is expected")
        })?;
        let host = match config.get_hosts() {
            [tokio_postgres::config::Host::Tcp(host)] => host.clone(),
            #[cfg(unix)]
            [tokio_postgres::config::Host::Unix(path)] => path.display().to_string(),
            _ => return Err(config_error("the database URL must name one host")),
        };
        let here =
            host.starts_with('/') || matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let tls = match (mode, roots) {
            (Some("disable"), _) => Tls::Off,
            (None, None) if here => Tls::Off,
            (Some("verify-full"), Some(path)) => {
                Tls::Verify(std::fs::read_to_string(&path).map_err(|error| {
                    config_error(format!(
                        "the authorities in {path} (sslrootcert) cannot be read"
                    ))
                    .with_source(error)
                })?)
            }
            (Some("verify-full"), None) => {
                return Err(config_error(
                    "sslmode=verify-full needs sslrootcert=<PEM file>",
                ));
            }
            _ => {
                return Err(config_error(
                    "the database URL must say sslmode=verify-full&sslrootcert=<PEM file>, or sslmode=disable",
                ));
            }
        };
        Ok(Self {
            host,
            port: config.get_ports().first().copied().unwrap_or(5432),
            database: config
                .get_dbname()
                .ok_or_else(|| config_error("the database URL must name the database"))?
                .to_owned(),
            user: config
                .get_user()
                .ok_or_else(|| config_error("the database URL must name the user"))?
                .to_owned(),
            password: Secret(
                String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned(),
            ),
            tls,
            application_name: config
                .get_application_name()
                .unwrap_or("waybill")
                .to_owned(),
            timeouts: Timeouts::default(),
        })
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    fn driver(&self) -> Config {
        let milliseconds = |limit: Option<Duration>| limit.map_or(0, |limit| limit.as_millis());
        let limits = &self.timeouts;
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .dbname(&self.database)
            .user(&self.user)
            .password(self.password.expose())
            .application_name(&self.application_name)
            .connect_timeout(limits.connect)
            .tcp_user_timeout(limits.unanswered)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            // The server's side of the same: a session whose machine vanished must let go of its locks, also in
            // the middle of a statement. The check needs PostgreSQL 14, and refuses the login on Windows.
            .options(format!(
                "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} \
                 -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 \
                 -c client_connection_check_interval=10s -c timezone=UTC -c datestyle=ISO -c client_min_messages=warning",
                milliseconds(limits.statement),
                milliseconds(limits.lock),
                milliseconds(limits.idle_in_transaction),
            ));
        config
    }
}

fn config_error(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, text)
}

/// One session with the database. Derefs to the driver's [`Client`]; dropping it ends the session, and with it
/// the statement that it is in.
pub struct Session {
    client: Client,
    /// Its end tells the connection's task.
    _open: oneshot::Sender<()>,
}

impl Session {
    /// Whether the connection still stands, as far as this side knows. Asks nobody.
    pub fn is_alive(&self) -> bool {
        !self.client.is_closed()
    }

    /// Asks the server for a sign of life: for a session that slept (a thawed function).
    pub async fn check(&self, limit: Duration) -> Result<()> {
        match tokio::time::timeout(limit, self.client.check_connection()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Error::new(
                ErrorKind::Unreachable,
                "the database does not answer",
            )),
        }
    }
}

impl ops::Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl ops::DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("alive", &self.is_alive())
            .finish()
    }
}

/// Opens a session. The whole of it, TLS and login included, is bound by the connect timeout.
pub async fn connect(config: &DatabaseConfig) -> Result<Session> {
    let driver = config.driver();
    let limit = config.timeouts.connect.saturating_mul(2);
    let (open, dropped) = oneshot::channel();
    let attempt = async {
        match &config.tls {
            Tls::Off => {
                let mut driver = driver;
                driver.ssl_mode(tokio_postgres::config::SslMode::Disable);
                let (client, connection) = driver.connect(NoTls).await?;
                tokio::spawn(watch(connection, dropped));
                Ok(client)
            }
            Tls::Verify(authorities) => {
                let mut driver = driver;
                driver.ssl_mode(tokio_postgres::config::SslMode::Require);
                let tls = MakeRustlsConnect::new(verifying(authorities)?);
                let (client, connection) = driver.connect(tls).await?;
                tokio::spawn(watch(connection, dropped));
                Ok(client)
            }
        }
    };
    match tokio::time::timeout(limit, attempt).await {
        Ok(Ok(client)) => Ok(Session {
            client,
            _open: open,
        }),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(Error::new(
            ErrorKind::Unreachable,
            "the database did not answer in time",
        )),
    }
}

/// How long a session that was dropped may take to end in order.
const GOODBYE: Duration = Duration::from_secs(1);

/// Drives a connection until it ends; statements in flight learn of its end themselves. The driver would wait
/// for the answer to a statement that nobody waits for any more: here the connection is closed, and the server stops.
async fn watch(
    connection: impl Future<Output = Result<(), tokio_postgres::Error>>,
    dropped: oneshot::Receiver<()>,
) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        _ = dropped => tokio::time::timeout(GOODBYE, connection).await.ok(),
    };
    if let Some(Err(error)) = ended {
        tracing::debug!(error = %chain(&Error::from(error)), "a database session ended");
    }
}

fn verifying(authorities: &str) -> Result<rustls::ClientConfig> {
    use rustls_pki_types::{CertificateDer, pem::PemObject};

    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        added.map_err(|error| {
            config_error("an authority of the database's certificate cannot be read")
                .with_source(error)
        })?;
    }
    if roots.is_empty() {
        return Err(config_error(
            "no authority for the database's certificate is given",
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| config_error("TLS cannot be set up").with_source(error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_with_its_escapes() {
        let config = DatabaseConfig::from_url("postgres://me:p%40ss@localhost:5433/rates")
            .expect("a good URL");
        assert_eq!(
            (
                config.user.as_str(),
                config.password.expose(),
                config.port,
                config.database.as_str()
            ),
            ("me", "p@ss", 5433, "rates")
        );
        assert_eq!(config.tls, Tls::Off);
    }

    #[test]
    fn another_machine_without_tls_is_refused_unless_said() {
        let error = DatabaseConfig::from_url("postgres://me:x@db.example.com/rates")
            .expect_err("no sslmode");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!chain(&error).contains("me:x"));
        DatabaseConfig::from_url("postgres://me:x@db.example.com/rates?sslmode=disable")
            .expect("said so");
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
        let config =
            DatabaseConfig::from_url("postgres://me:hunter2@localhost/rates").expect("a good URL");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
