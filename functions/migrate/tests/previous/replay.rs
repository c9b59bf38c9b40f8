//! What an earlier release asked, asked again.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt as _;
use ledger::tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use ledger::tokio_postgres::{self, SimpleQueryMessage};
use ledger::{Session, migrate};
use testkit::{Role, TestDatabase};

use crate::recording::{Outcome, Recording, Run, Statement, unhex};

/// Complaints beyond this many are of the first ones' making.
const ENOUGH: usize = 5;

/// When the migrations that came after the recording are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the first session.
    Before,
    /// With sessions open, their statements prepared and rows in the tables.
    Midway,
}

/// A database at the version of the recording, brought to `options` meanwhile, and what did not go as it did then.
pub(crate) async fn replay(
    recording: &Recording,
    version: i64,
    options: &migrate::Options<'_>,
    when: When,
) -> Vec<String> {
    let database = testkit::empty_database().await;
    let mut owner = database.connect(Role::Owner).await;
    let mut first = options.clone();
    first.migrations = first.migrations.up_to(version);
    first.logins = Some(database.logins());
    // The contracts are the newest release's.
    migrate::run(&mut owner, &first.with_contracts(&[]))
        .await
        .unwrap_or_else(|error| panic!("{}", ledger::chain(&error)));
    let middle = match when {
        When::Before => 0,
        When::Midway => recording.runs.len() / 2,
    };
    let mut stage = Stage::new(&database, recording);
    let mut migrated = false;
    let mut complaints = Vec::new();
    for (place, run) in recording.runs.iter().enumerate() {
        // Nobody may be in a transaction: its locks would be waited for, and it goes on only after the migration.
        if !migrated && place >= middle && stage.in_transaction.is_empty() {
            migrate::run(&mut owner, options)
                .await
                .unwrap_or_else(|error| panic!("{}", ledger::chain(&error)));
            migrated = true;
        }
        if let Err(complaint) = stage.ask(run).await {
            complaints.push(complaint);
            if complaints.len() == ENOUGH {
                break;
            }
        }
    }
    assert!(
        migrated || !complaints.is_empty(),
        "the recording has a transaction that never ends"
    );
    complaints
}

struct Stage<'a> {
    database: &'a TestDatabase,
    recording: &'a Recording,
    sessions: HashMap<usize, Actor>,
    in_transaction: Vec<usize>,
}

struct Actor {
    session: Session,
    /// Kept, as the API keeps its own.
    prepared: HashMap<usize, tokio_postgres::Statement>,
}

impl<'a> Stage<'a> {
    fn new(database: &'a TestDatabase, recording: &'a Recording) -> Self {
        Self {
            database,
            recording,
            sessions: HashMap::new(),
            in_transaction: Vec::new(),
        }
    }

    async fn ask(&mut self, run: &Run) -> Result<(), String> {
        let statement = &self.recording.statements[run.statement];
        let role = match statement.role.as_str() {
            "owner" => Role::Owner,
            "loader" => Role::Loader,
            "reader" => Role::Reader,
            "api" => Role::Api,
            other => panic!("nobody is called {other}"),
        };
        if !self.sessions.contains_key(&run.session) {
            let actor = Actor {
                session: self.database.connect(role).await,
                prepared: HashMap::new(),
            };
            self.sessions.insert(run.session, actor);
        }
        let actor = self.sessions.get_mut(&run.session).expect("it is there");
        let outcome = actor.ask(statement, run).await;
        if statement.sql.starts_with("BEGIN") || statement.sql.starts_with("START TRANSACTION") {
            self.in_transaction.push(run.session);
        } else if matches!(statement.sql.as_str(), "COMMIT" | "ROLLBACK") {
            self.in_transaction
                .retain(|session| *session != run.session);
        }
        compare(statement, &run.outcome, outcome)
            .map_err(|why| format!("{}\n    {why}", statement.name()))
    }
}

/// Why the server, or a look at its answer, says no.
struct Refused {
    code: Option<String>,
    why: String,
}

impl From<tokio_postgres::Error> for Refused {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refused) => Self {
                code: Some(refused.code().code().to_owned()),
                why: refused.message().to_owned(),
            },
            None => Self::because(error.to_string()),
        }
    }
}

impl Refused {
    fn because(why: String) -> Self {
        Self { code: None, why }
    }
}

impl Actor {
    async fn ask(&mut self, statement: &Statement, run: &Run) -> Result<Outcome, Refused> {
        if statement.simple {
            return Ok(simple(&self.session, &statement.sql).await?);
        }
        if !self.prepared.contains_key(&run.statement) {
            let prepared = prepare(&self.session, statement).await?;
            self.prepared.insert(run.statement, prepared);
        }
        Ok(execute(&self.session, &self.prepared[&run.statement], run).await?)
    }
}

async fn prepare(
    session: &Session,
    statement: &Statement,
) -> Result<tokio_postgres::Statement, Refused> {
    let told: &[String] = if statement.typed {
        &statement.types
    } else {
        &[]
    };
    let types: Vec<Type> = told.iter().map(|name| type_of(name)).collect();
    let prepared = session.prepare_typed(&statement.sql, &types).await?;
    same_types(statement, &prepared).map_err(Refused::because)?;
    Ok(prepared)
}

async fn simple(session: &Session, sql: &str) -> Result<Outcome, tokio_postgres::Error> {
    let messages = session.simple_query(sql).await?;
    let counts = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
        _ => None,
    });
    Ok(Outcome::Rows(counts.collect()))
}

async fn execute(
    session: &Session,
    prepared: &tokio_postgres::Statement,
    run: &Run,
) -> Result<Outcome, tokio_postgres::Error> {
    let rows = if let Some(copied) = &run.copied {
        let mut sink = Box::pin(session.copy_in::<_, Bytes>(prepared).await?);
        sink.send(unhex(&copied.data).into()).await?;
        if !copied.whole {
            // Dropped, it tells the server that nothing more comes: the recorded outcome.
            return Ok(run.outcome.clone());
        }
        sink.as_mut().finish().await?
    } else {
        let values = run
            .values
            .iter()
            .map(|value| Raw(value.as_deref().map(unhex)));
        session.execute_raw(prepared, values).await?
    };
    Ok(Outcome::Rows(vec![rows]))
}

/// A value as it was sent.
#[derive(Debug)]
struct Raw(Option<Vec<u8>>);

impl ToSql for Raw {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A type of PostgreSQL's own by its name.
fn type_of(name: &str) -> Type {
    (1..10_000)
        .filter_map(Type::from_oid)
        .find(|ty| ty.name() == name)
        .unwrap_or_else(|| panic!("there is no type {name}"))
}

/// The release would encode or decode a value of another type as what it was.
fn same_types(statement: &Statement, prepared: &tokio_postgres::Statement) -> Result<(), String> {
    let types: Vec<&str> = prepared.params().iter().map(Type::name).collect();
    if types != statement.types {
        return Err(format!("takes {types:?}, and took {:?}", statement.types));
    }
    let columns: Vec<String> = prepared
        .columns()
        .iter()
        .map(|column| format!("{} {}", column.name(), column.type_().name()))
        .collect();
    if columns != statement.columns {
        return Err(format!(
            "answers {columns:?}, and answered {:?}",
            statement.columns
        ));
    }
    Ok(())
}

fn compare(
    statement: &Statement,
    then: &Outcome,
    now: Result<Outcome, Refused>,
) -> Result<(), String> {
    let now = match (then, now) {
        (
            Outcome::Error(then),
            Err(Refused {
                code: Some(now), ..
            }),
        ) if now == *then => return Ok(()),
        (_, Err(refused)) => return Err(refused.why),
        (_, Ok(now)) => now,
    };
    // What a release learns of tables and keys from the catalogue may grow.
    let of_catalogue = statement.sql.starts_with("SELECT") && statement.sql.contains("pg_catalog.");
    if now == *then || (of_catalogue && matches!(then, Outcome::Rows(_))) {
        return Ok(());
    }
    Err(format!("came to {now:?}, and came to {then:?}"))
}
