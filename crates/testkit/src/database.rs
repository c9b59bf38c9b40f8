//! Databases: a template migrated once, a clone for every test.

use ledger::{DatabaseConfig, Secret, Session, Timeouts, migrate};

use crate::server::{Server, server};

/// Who to connect as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Migrations and keys.
    Owner,
    /// Loads.
    Loader,
    /// Reads the target tables.
    Reader,
    /// The API's own.
    Api,
    /// The server's superuser: what no part of Waybill may need.
    Super,
}

/// The password of every role in tests.
const PASSWORD: &str = "only-for-tests";

/// A database of one test, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    /// Prefix of the login roles: the template's, which its clones share.
    roles: String,
    superuser: String,
    urls: [String; 4],
    super_url: String,
}

/// A database with every migration applied and no rows.
pub async fn database() -> TestDatabase {
    database_on(server().await).await
}

/// The same on another server.
pub async fn database_on(server: &Server) -> TestDatabase {
    let template = server.template.get_or_init(|| template(server)).await;
    let name = fresh_name();
    let admin = admin(server).await;
    admin
        .batch_execute(&format!(
            r#"CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{template}_owner""#
        ))
        .await
        .expect("a clone of the template");
    admin
        .batch_execute(&format!(
            r#"REVOKE ALL ON DATABASE "{name}" FROM PUBLIC;
               GRANT CONNECT ON DATABASE "{name}" TO "{template}_loader", "{template}_reader", "{template}_api";
               GRANT TEMPORARY ON DATABASE "{name}" TO "{template}_loader""#
        ))
        .await
        .expect("its privileges");
    TestDatabase::new(server, name, template.clone())
}

/// A database with its owner and nothing else: for tests of migrations. Its login roles do not exist before
/// [`migrate::run`] has made them; [`TestDatabase::logins`] has the passwords to give it.
pub async fn empty_database() -> TestDatabase {
    empty_database_on(server().await).await
}

/// The same on another server.
pub async fn empty_database_on(server: &Server) -> TestDatabase {
    let name = fresh_name();
    bootstrap(server, &name).await;
    TestDatabase::new(server, name.clone(), name)
}

/// A database with every migration applied, no rows, and logins of its own: for tests of programs, which make their login's
/// name from the database's. Slower than [`database()`], whose clones share the template's logins.
pub async fn migrated_database() -> TestDatabase {
    migrated_database_on(server().await).await
}

/// The same on another server.
pub async fn migrated_database_on(server: &Server) -> TestDatabase {
    let database = empty_database_on(server).await;
    let mut owner = database.connect(Role::Owner).await;
    let options = migrate::Options {
        logins: Some(database.logins()),
        ..migrate::Options::shipped()
    };
    migrate::run(&mut owner, &options)
        .await
        .unwrap_or_else(|error| panic!("it cannot be migrated: {}", ledger::chain(&error)));
    database
}

impl TestDatabase {
    fn new(server: &Server, name: String, roles: String) -> Self {
        let urls = ["owner", "loader", "reader", "api"]
            .map(|role| server.url(&format!("{roles}_{role}"), PASSWORD, &name));
        Self {
            superuser: server.superuser_url("postgres"),
            super_url: server.superuser_url(&name),
            urls,
            name,
            roles,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address for a role.
    pub fn url(&self, role: Role) -> &str {
        match role {
            Role::Owner => &self.urls[0],
            Role::Loader => &self.urls[1],
            Role::Reader => &self.urls[2],
            Role::Api => &self.urls[3],
            Role::Super => &self.super_url,
        }
    }

    /// The settings to connect as a role.
    pub fn config(&self, role: Role) -> DatabaseConfig {
        DatabaseConfig::from_url(self.url(role)).expect("a good URL")
    }

    /// The same with a replica of its server.
    pub fn config_on(&self, replica: &Server, role: Role) -> DatabaseConfig {
        DatabaseConfig {
            port: replica.port(),
            ..self.config(role)
        }
    }

    /// A session as a role, with the ledger's limits.
    pub async fn connect(&self, role: Role) -> Session {
        ledger::connect(&self.config(role))
            .await
            .expect("the test database takes connections")
    }

    /// Vacuums and analyzes a table until every page of it is known to be visible to all, as an index-only scan needs it.
    ///
    /// A session that is just starting, in whatever database, and a commit that is not on disk yet, keep VACUUM from
    /// marking pages for that moment.
    pub async fn settle(&self, table: &str) {
        let session = self.connect(Role::Super).await;
        let marked = "SELECT relpages, relallvisible FROM pg_class WHERE oid = $1::text::regclass";
        let mut seen = (0, 0);
        for _ in 0..200 {
            for statement in ["CHECKPOINT", &format!("VACUUM ANALYZE {table}")] {
                session.batch_execute(statement).await.expect("vacuumed");
            }
            let row = session.query_one(marked, &[&table]).await.expect("a table");
            seen = (row.get::<_, i32>(0), row.get::<_, i32>(1));
            if seen.0 > 0 && seen.0 == seen.1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!(
            "{} of {} pages of {table} are visible to all",
            seen.1, seen.0
        );
    }

    /// Ends every other session of this database and waits until none is left: what they counted is written then.
    pub async fn end_sessions(&self) {
        let session = self.connect(Role::Super).await;
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        for _ in 0..400 {
            let left: i64 = session.query_one(end, &[]).await.expect("ended").get(0);
            if left == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("sessions of {} do not end", self.name);
    }

    /// The password of every role.
    pub fn password(&self) -> Secret {
        Secret::new(PASSWORD)
    }

    /// The passwords for [`migrate::run`].
    pub fn logins(&self) -> migrate::Logins {
        migrate::Logins {
            loader: self.password(),
            reader: self.password(),
            api: self.password(),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (name, superuser) = (self.name.clone(), self.superuser.clone());
        let own_roles = self.roles == self.name;
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let config = DatabaseConfig::from_url(&superuser).ok()?;
                let admin = ledger::connect(&config).await.ok()?;
                if own_roles {
                    migrate::drop_database(&admin, &name).await.ok()
                } else {
                    admin
                        .batch_execute(&format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#))
                        .await
                        .ok()
                }
            })
        });
        // A server that is gone has no database to drop.
        let _ = dropping.join();
    }
}

fn fresh_name() -> String {
    format!("waybill_test_{}", uuid::Uuid::new_v4().simple())
}

async fn admin(server: &Server) -> Session {
    let config = DatabaseConfig::from_url(&server.superuser_url("postgres"))
        .expect("a good URL")
        // Cloning waits for other clones of the same template.
        .with_timeouts(Timeouts::MIGRATE);
    ledger::connect(&config)
        .await
        .expect("the test server takes connections")
}

async fn bootstrap(server: &Server, name: &str) {
    let admin = admin(server).await;
    let owner = Secret::new(PASSWORD);
    migrate::bootstrap(
        &admin,
        &migrate::Bootstrap {
            database: name,
            owner: &owner,
        },
    )
    .await
    .expect("a database with its owner");
}

/// The template's name. It says what it was made from, so that a shared server keeps one for each schema.
async fn template(server: &Server) -> String {
    let name = format!("waybill_template_{:016x}", migrate::fingerprint());
    let admin = admin(server).await;
    // Other test processes may be making the same on the same server. The lock ends with the session.
    admin
        .batch_execute(
            "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(7771)",
        )
        .await
        .expect("the template's lock");
    let there = admin
        .query_opt(
            "SELECT FROM pg_database WHERE datname = $1 AND datistemplate",
            &[&name],
        )
        .await
        .expect("the list of databases");
    if there.is_some() {
        return name;
    }
    bootstrap(server, &name).await;
    let config = DatabaseConfig::from_url(&server.url(&format!("{name}_owner"), PASSWORD, &name))
        .expect("a good URL");
    {
        let mut owner = ledger::connect(&config)
            .await
            .expect("the owner may connect");
        let password = || Secret::new(PASSWORD);
        migrate::run(
            &mut owner,
            &migrate::Options::shipped().with_logins(password(), password(), password()),
        )
        .await
        .unwrap_or_else(|error| {
            panic!("the template cannot be migrated: {}", ledger::chain(&error))
        });
    }
    // A template must have no sessions; the one above takes a moment to end. Then it is whole.
    for _ in 0..250 {
        let sessions: i64 = admin
            .query_one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1",
                &[&name],
            )
            .await
            .expect("the list of sessions")
            .get(0);
        if sessions == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    admin
        .batch_execute(&format!(
            r#"ALTER DATABASE "{name}" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"#
        ))
        .await
        .expect("a template");
    name
}
