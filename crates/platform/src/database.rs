//! Sessions with the database: the login of a role, its password from where passwords are kept,
//! TLS against the authorities that the settings name, patience with a server that restarts.

use ledger::{DatabaseConfig, Error, ErrorKind, Secret, Session, Timeouts, Tls, connect};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::names::Role;
use crate::secrets::Passwords;
use crate::settings;

/// How long a server that restarts is waited for inside the process.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a kept session may take to prove that it is still there.
const CHECK: Duration = Duration::from_secs(3);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The one that is written to.
    Primary,
    /// The one that is read from; the primary where there is no other.
    Replica,
}

/// Makes sessions.
pub struct Databases {
    settings: settings::Database,
    tls: Tls,
    application: String,
    passwords: Arc<dyn Passwords>,
}

impl Databases {
    /// `application` is what the server shows as the name of our sessions.
    pub fn new(
        settings: settings::Database,
        application: impl Into<String>,
        passwords: Arc<dyn Passwords>,
    ) -> Result<Self, Error> {
        Ok(Databases {
            tls: tls(&settings)?,
            settings,
            application: application.into(),
            passwords,
        })
    }

    /// A new session. A refused login reads the password anew, once.
    pub async fn connect(
        &self,
        role: Role,
        target: Target,
        timeouts: Timeouts,
    ) -> Result<Session, Error> {
        match self.connect_with(role, target, timeouts, false).await {
            Err(error) if error.kind() == ErrorKind::LoginRefused => {
                tracing::info!(
                    role = role.as_str(),
                    "the login was refused: reading the password anew"
                );
                self.connect_with(role, target, timeouts, true).await
            }
            other => other,
        }
    }

    /// A new session with a server that may be about to come back.
    pub async fn connect_within(
        &self,
        role: Role,
        target: Target,
        timeouts: Timeouts,
        patience: Duration,
    ) -> Result<Session, Error> {
        patiently(patience, async || {
            self.connect(role, target, timeouts).await
        })
        .await
    }

    /// A place for one session that is made when first asked for.
    pub fn keep(self: &Arc<Self>, role: Role, target: Target, timeouts: Timeouts) -> Kept {
        Kept {
            databases: Arc::clone(self),
            role,
            target,
            timeouts,
            session: None,
        }
    }

    async fn connect_with(
        &self,
        role: Role,
        target: Target,
        timeouts: Timeouts,
        anew: bool,
    ) -> Result<Session, Error> {
        let password = self.passwords.password(role, anew).await?;
        let (host, port) = match (target, &self.settings.replica) {
            (Target::Replica, Some((host, port))) => (host.as_str(), *port),
            _ => (self.settings.host.as_str(), self.settings.port),
        };
        let config = DatabaseConfig {
            host: host.to_owned(),
            port,
            database: self.settings.name.clone(),
            user: role.login(&self.settings.name),
            password,
            tls: self.tls.clone(),
            application_name: self.application.clone(),
            timeouts,
        };
        connect(&config).await
    }
}

/// A session of the server's administrator, in the database that every server has.
pub async fn administrator(
    settings: &settings::Database,
    login: &str,
    password: Secret,
    application: &str,
) -> Result<Session, Error> {
    let config = DatabaseConfig {
        host: settings.host.clone(),
        port: settings.port,
        database: "postgres".to_owned(),
        user: login.to_owned(),
        password,
        tls: tls(settings)?,
        application_name: application.to_owned(),
        timeouts: Timeouts::MIGRATE,
    };
    connect(&config).await
}

/// Tries to connect until a server that may be about to come back is there.
pub async fn patiently(
    patience: Duration,
    connect: impl AsyncFn() -> Result<Session, Error>,
) -> Result<Session, Error> {
    let until = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match connect().await {
            Err(error) if error.kind() == ErrorKind::Unreachable => error,
            other => return other,
        };
        if Instant::now() + pause >= until {
            return Err(error);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn tls(settings: &settings::Database) -> Result<Tls, Error> {
    let bundle = match &settings.tls {
        settings::Tls::Off => return Ok(Tls::Off),
        settings::Tls::Verify(bundle) => bundle,
    };
    std::fs::read_to_string(bundle)
        .map(Tls::Verify)
        .map_err(|error| {
            let context = format!(
                "{} names {}, which cannot be read",
                settings::keys::DATABASE_CA,
                bundle.display()
            );
            Error::new(ErrorKind::Config, context).with_source(error)
        })
}

/// One session kept over many uses, for one user at a time.
pub struct Kept {
    databases: Arc<Databases>,
    role: Role,
    target: Target,
    timeouts: Timeouts,
    session: Option<Session>,
}

impl Kept {
    /// The session, checked by a round trip (the process may have been frozen since), made anew
    /// where it is no more.
    pub async fn session(&mut self) -> Result<&mut Session, Error> {
        let alive = match &self.session {
            Some(session) => session.check(CHECK).await.is_ok(),
            None => false,
        };
        match self.session.take() {
            Some(session) if alive => Ok(self.session.insert(session)),
            _ => {
                let session = self
                    .databases
                    .connect_within(self.role, self.target, self.timeouts, PATIENCE)
                    .await?;
                Ok(self.session.insert(session))
            }
        }
    }

    /// Closes the session: whatever it was in the middle of is rolled back.
    pub fn close(&mut self) {
        self.session = None;
    }
}
