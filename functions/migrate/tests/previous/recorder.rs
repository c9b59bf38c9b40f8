//! Stands between sessions and their server, and writes down what they ask and how that went.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ledger::DatabaseConfig;
use ledger::tokio_postgres::types::Type;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::recording::{Copied, Outcome, Recording, Run, Statement, hex, plain};
use crate::wire::{self, Frame, Parts};

/// Everything that was overheard, in the order in which the server answered.
type Overheard = Arc<Mutex<Vec<(Statement, Run)>>>;

pub(crate) struct Recorder {
    port: u16,
    overheard: Overheard,
    accepting: tokio::task::JoinHandle<()>,
    /// Closed when the last session has ended.
    sessions: mpsc::Receiver<()>,
}

impl Recorder {
    /// Before a server on this machine.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let overheard = Overheard::default();
        let (alive, sessions) = mpsc::channel(1);
        let all = Arc::clone(&overheard);
        let accepting = tokio::spawn(async move {
            for session in 0.. {
                let (client, _) = listener.accept().await.expect("a session");
                let server = TcpStream::connect(("127.0.0.1", port))
                    .await
                    .expect("the server");
                // A message goes on as it comes.
                client.set_nodelay(true).expect("a socket");
                server.set_nodelay(true).expect("a socket");
                let conversation =
                    Arc::new(Mutex::new(Conversation::new(session, Arc::clone(&all))));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(ask(from_client, to_server, Arc::clone(&conversation)));
                tokio::spawn(answer(from_server, to_client, conversation, alive.clone()));
            }
        });
        Self {
            port: own,
            overheard,
            accepting,
            sessions,
        }
    }

    /// The way to the same database through here.
    pub(crate) fn on_the_way(&self, mut config: DatabaseConfig) -> DatabaseConfig {
        config.port = self.port;
        config
    }

    /// What was overheard, when every session has ended.
    pub(crate) async fn recording(mut self) -> Recording {
        self.accepting.abort();
        let _ = self.accepting.await;
        tokio::time::timeout(Duration::from_secs(20), self.sessions.recv())
            .await
            .expect("a session that was recorded is still open");
        Recording::of(&lock(&self.overheard))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, told: Arc<Mutex<Conversation>>) {
    let mut first = true;
    while let Some(frame) = wire::read(&mut from, first).await {
        // Before the server has it: its answer may come at once.
        lock(&told).asked(&frame, first);
        first = false;
        if wire::write(&mut to, &frame).await.is_none() {
            break;
        }
    }
}

/// `_alive` is dropped with the session's end.
async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    told: Arc<Mutex<Conversation>>,
    _alive: mpsc::Sender<()>,
) {
    while let Some(frame) = wire::read(&mut from, false).await {
        // Before the client has it: what it asks next, on whichever session, comes after.
        lock(&told).answered(&frame);
        if wire::write(&mut to, &frame).await.is_none() {
            break;
        }
    }
}

/// A statement that the server was told.
#[derive(Default)]
struct Prepared {
    sql: String,
    typed: bool,
    types: Vec<String>,
    columns: Vec<String>,
}

type Shared = Arc<Mutex<Prepared>>;

#[derive(Clone, Default)]
struct Bound {
    statement: Shared,
    values: Vec<Option<String>>,
}

/// What the server has been asked and not answered yet.
enum Open {
    Prepare,
    Describe(Shared),
    Bind,
    Execute(Bound),
    Close,
    Sync,
    Simple {
        sql: String,
        rows: Vec<u64>,
        error: Option<String>,
    },
}

/// One session.
struct Conversation {
    session: usize,
    role: String,
    begun: bool,
    statements: HashMap<String, Shared>,
    portals: HashMap<String, Bound>,
    open: VecDeque<Open>,
    /// The server takes a COPY's rows: what else is sent meanwhile it passes over.
    copying: bool,
    copied: Option<Copied>,
    overheard: Overheard,
}

impl Conversation {
    fn new(session: usize, overheard: Overheard) -> Self {
        Self {
            session,
            role: String::new(),
            begun: false,
            statements: HashMap::new(),
            portals: HashMap::new(),
            open: VecDeque::new(),
            copying: false,
            copied: None,
            overheard,
        }
    }

    fn asked(&mut self, frame: &Frame, first: bool) {
        let mut parts = Parts(&frame.body);
        if first {
            self.role = role(&mut parts);
            return;
        }
        match frame.kind {
            b'P' => {
                let (name, sql) = (parts.text(), parts.text());
                let types = parts.list(|one| type_name(one.int32()));
                let prepared = Prepared {
                    sql,
                    typed: !types.is_empty(),
                    types,
                    columns: Vec::new(),
                };
                self.statements.insert(name, Arc::new(Mutex::new(prepared)));
                self.open.push_back(Open::Prepare);
            }
            b'D' => {
                let of_portal = parts.bytes(1) == b"P";
                let name = parts.text();
                let statement = if of_portal {
                    Arc::clone(&self.portals[&name].statement)
                } else {
                    Arc::clone(&self.statements[&name])
                };
                self.open.push_back(Open::Describe(statement));
            }
            b'B' => {
                let (portal, name) = (parts.text(), parts.text());
                let forms = parts.list(Parts::int16);
                assert!(
                    forms.iter().all(|form| *form == 1),
                    "values are sent in binary form"
                );
                let values = parts.list(|one| one.value().map(|value| hex(&value)));
                let statement = Arc::clone(&self.statements[&name]);
                self.portals.insert(portal, Bound { statement, values });
                self.open.push_back(Open::Bind);
            }
            b'E' => self
                .open
                .push_back(Open::Execute(self.portals[&parts.text()].clone())),
            b'C' => self.open.push_back(Open::Close),
            b'S' if self.copying => {}
            b'S' => self.open.push_back(Open::Sync),
            b'Q' => self.open.push_back(Open::Simple {
                sql: parts.text(),
                rows: Vec::new(),
                error: None,
            }),
            b'd' => self.copied.get_or_insert_default().data += &hex(&frame.body),
            b'c' | b'f' => {
                self.copying = false;
                self.copied.get_or_insert_default().whole = frame.kind == b'c';
            }
            b'p' | b'X' => {}
            other => panic!(
                "a message that the recorder does not know: {}",
                char::from(other)
            ),
        }
    }

    fn answered(&mut self, frame: &Frame) {
        if !self.begun {
            self.begun = frame.kind == b'Z';
            return;
        }
        let mut parts = Parts(&frame.body);
        match frame.kind {
            b'1' | b'2' | b'3' | b'n' => drop(self.open.pop_front()),
            b't' => {
                if let Some(Open::Describe(statement)) = self.open.front() {
                    lock(statement).types = parts.list(|one| type_name(one.int32()));
                }
            }
            b'T' => {
                // Of a simple statement's rows nothing is kept.
                if let Some(Open::Describe(statement)) = self.open.front() {
                    lock(statement).columns = parts.list(column);
                    self.open.pop_front();
                }
            }
            b'G' => {
                self.copying = true;
                self.open.retain(|open| !matches!(open, Open::Sync));
            }
            b'C' => self.completed(rows(&parts.text())),
            // To nothing at all.
            b'I' => self.completed(0),
            b'E' => self.failed(&mut parts),
            b'Z' => self.ready(),
            // Rows, notices, settings.
            b'D' | b'N' | b'S' => {}
            other => panic!(
                "an answer that the recorder does not know: {}",
                char::from(other)
            ),
        }
    }

    /// A command came to its end.
    fn completed(&mut self, count: u64) {
        match self.open.front_mut() {
            Some(Open::Simple { rows, .. }) => rows.push(count),
            Some(Open::Execute(bound)) => {
                let bound = bound.clone();
                self.open.pop_front();
                self.write_down(bound, Outcome::Rows(vec![count]));
            }
            _ => panic!("a command ended that nobody began"),
        }
    }

    fn failed(&mut self, parts: &mut Parts<'_>) {
        let code = code(parts);
        match self.open.front_mut() {
            Some(Open::Simple { error, .. }) => *error = Some(code),
            Some(Open::Execute(bound)) => {
                let bound = bound.clone();
                self.write_down(bound, Outcome::Error(code));
                self.skip();
            }
            _ => panic!("{} was refused before it ran: {code}", self.role),
        }
    }

    /// After an error the server passes over everything up to the next Sync.
    fn skip(&mut self) {
        while self
            .open
            .front()
            .is_some_and(|open| !matches!(open, Open::Sync))
        {
            self.open.pop_front();
        }
    }

    fn ready(&mut self) {
        if let Some(Open::Simple { sql, rows, error }) = self.open.pop_front() {
            let statement = self.statement(&sql, &Prepared::default(), true);
            let outcome = error.map_or(Outcome::Rows(rows), Outcome::Error);
            self.keep(statement, Vec::new(), outcome);
        }
    }

    fn write_down(&mut self, bound: Bound, outcome: Outcome) {
        let prepared = lock(&bound.statement);
        let statement = self.statement(&prepared.sql, &prepared, false);
        drop(prepared);
        self.keep(statement, bound.values, outcome);
    }

    fn statement(&self, sql: &str, prepared: &Prepared, simple: bool) -> Statement {
        Statement {
            role: self.role.clone(),
            sql: plain(sql),
            types: prepared.types.clone(),
            typed: prepared.typed,
            columns: prepared.columns.clone(),
            simple,
        }
    }

    fn keep(&mut self, statement: Statement, values: Vec<Option<String>>, outcome: Outcome) {
        let run = Run {
            session: self.session,
            statement: 0,
            values,
            copied: self.copied.take(),
            outcome,
        };
        lock(&self.overheard).push((statement, run));
    }
}

/// The last word of the login, as `<database>_loader`.
fn role(parts: &mut Parts<'_>) -> String {
    let version = parts.int32();
    assert_eq!(version, 0x0003_0000, "a session without TLS");
    loop {
        let (key, value) = (parts.text(), parts.text());
        if key == "user" {
            return value.rsplit('_').next().expect("a word").to_owned();
        }
    }
}

fn type_name(oid: i32) -> String {
    Type::from_oid(oid as u32)
        .unwrap_or_else(|| panic!("a type that is not PostgreSQL's own: {oid}"))
        .name()
        .to_owned()
}

fn column(parts: &mut Parts<'_>) -> String {
    let name = parts.text();
    // Table, attribute; then the type; its size and modifier, the value's form.
    parts.bytes(6);
    let ty = type_name(parts.int32());
    parts.bytes(8);
    format!("{name} {ty}")
}

/// The last word of `INSERT 0 3`; none for what has to do with no rows.
fn rows(tag: &str) -> u64 {
    tag.rsplit(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0)
}

fn code(parts: &mut Parts<'_>) -> String {
    loop {
        let field = parts.bytes(1);
        let text = parts.text();
        if field == b"C" {
            return text;
        }
    }
}
