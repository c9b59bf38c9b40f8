//! Messages against a real database, with objects from memory and a queue that only notes.

mod lanes;
mod tasks;
mod undo;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures_util::future::BoxFuture;
use intake::{Deadline, Hide, Intake, Queues, Tell};
use lane::{Loading, Open, Sessions};
use ledger::{Error, Lane, Secret, Session, State, batch_id_for_object};
use loader::{BytesSource, LoadSettings, Source, SourceError, SourceErrorKind};
use platform::database::Databases;
use platform::messages::Control;
use platform::names::Role;
use platform::queue::QueueError;
use platform::secrets::Passwords;
use platform::settings;
use serde_json::json;
use testkit::TestDatabase;

const BUCKET: &str = "waybill-local-incoming";
/// The largest object that the lane takes.
const LARGEST: u64 = 1 << 30;
const REGIONS: &str = "slug,name,parent_slug\nbaltic,Baltic,\n";

struct Fixed(Secret);

impl Passwords for Fixed {
    fn password(&self, _: Role, _: bool) -> BoxFuture<'_, Result<Secret, Error>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// What the queues were asked to do.
#[derive(Default)]
struct Notes {
    hidden: Mutex<Vec<Duration>>,
    told: Mutex<Vec<(Control, Duration)>>,
}

impl Tell for Notes {
    fn tell<'a>(
        &'a self,
        message: &'a Control,
        pause: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        let message = (message.clone(), pause);
        self.told.lock().expect("not poisoned").push(message);
        Box::pin(async { Ok(()) })
    }
}

impl Hide for Notes {
    fn hide<'a>(&'a self, _: &'a str, how_long: Duration) -> BoxFuture<'a, Result<(), QueueError>> {
        self.hidden.lock().expect("not poisoned").push(how_long);
        Box::pin(async { Ok(()) })
    }
}

struct Missing(SourceErrorKind);

impl Source for Missing {
    fn open(&self, _: u64) -> BoxFuture<'_, Result<loader::Opened, SourceError>> {
        let error = SourceError::new(self.0, "the object cannot be read");
        Box::pin(async { Err(error) })
    }
}

/// The function over a database of its own.
struct World {
    database: TestDatabase,
    intake: Intake,
    notes: Arc<Notes>,
}

impl World {
    async fn new(objects: &[(&str, &str)]) -> Self {
        let database = testkit::migrated_database().await;
        let config = database.config(testkit::Role::Loader);
        let place = settings::Database {
            host: config.host.clone(),
            port: config.port,
            name: config.database.clone(),
            tls: settings::Tls::Off,
            replica: None,
        };
        let passwords = Arc::new(Fixed(config.password.clone()));
        let databases = Databases::new(place.clone(), "intake test", passwords).expect("no TLS");
        let databases = Arc::new(databases);
        let objects: HashMap<String, String> = objects
            .iter()
            .map(|(key, content)| ((*key).to_owned(), (*content).to_owned()))
            .collect();
        let open: Open = Box::new(move |name, _| match objects.get(&name.key) {
            Some(content) if content == "busy" => Box::new(Missing(SourceErrorKind::Unreachable)),
            Some(content) => Box::new(BytesSource::new(content.clone())),
            None => Box::new(Missing(SourceErrorKind::Gone)),
        });
        let notes = Arc::new(Notes::default());
        let intake = Intake {
            incoming_bucket: BUCKET.to_owned(),
            loading: Loading {
                settings: lane::Settings {
                    environment: "local".to_owned(),
                    release: "test".to_owned(),
                    lane: Lane::Function,
                    largest: Some(LARGEST),
                    overflow: None,
                    load: LoadSettings::default(),
                },
                sessions: Sessions::of(&databases),
                open,
            },
            queues: Queues {
                arrivals: notes.clone(),
                loads: notes.clone(),
                loads_name: "loads".to_owned(),
                tell: notes.clone(),
            },
            tasks: None,
            undo_rows: 0,
            spark: None,
        };
        World {
            database,
            intake,
            notes,
        }
    }

    /// Handles messages, and those that they lead to and that may be received at once. Answers how many come again.
    async fn handle(&mut self, bodies: &[String]) -> usize {
        let minute = Duration::from_secs(60);
        let again = self.handle_within(bodies, minute).await;
        let told = {
            let mut told = self.notes.told.lock().expect("not poisoned");
            let (now, later) = told
                .drain(..)
                .partition::<Vec<_>, _>(|(_, pause)| pause.is_zero());
            *told = later;
            now
        };
        let told: Vec<String> = told.iter().map(|(message, _)| message.to_body()).collect();
        again + self.handle_within(&told, minute).await
    }

    /// The pauses of what the queue of loads was told.
    fn pauses(&self) -> Vec<Duration> {
        let told = self.notes.told.lock().expect("not poisoned");
        told.iter().map(|(_, pause)| *pause).collect()
    }

    async fn handle_within(&mut self, bodies: &[String], left: Duration) -> usize {
        let records = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| {
                let mut message = SqsMessage::default();
                message.message_id = Some(format!("m{index}"));
                message.receipt_handle = Some("receipt".to_owned());
                message.body = Some(body.clone());
                message
            })
            .collect();
        let mut event = SqsEvent::default();
        event.records = records;
        let deadline = Deadline::within(left);
        let answer = self.intake.handle(event, deadline).await;
        answer.batch_item_failures.len()
    }

    async fn batch(&self, key: &str) -> ledger::Batch {
        let session: Session = self.database.connect(testkit::Role::Loader).await;
        let id = batch_id_for_object(BUCKET, key, Some("v1"));
        let batch = ledger::find(&session, id)
            .await
            .expect("the ledger answers");
        batch.expect("the batch is known")
    }
}

fn created(key: &str) -> String {
    version(key, "v1", "t")
}

fn version(key: &str, version: &str, etag: &str) -> String {
    json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": BUCKET},
            "object": {"key": key, "size": 1, "eTag": etag, "versionId": version},
        },
    }]})
    .to_string()
}

#[tokio::test]
async fn an_event_becomes_a_committed_batch_and_its_repetition_nothing_more() {
    let mut world = World::new(&[("regions/a.csv", REGIONS)]).await;
    for _ in 0..3 {
        assert_eq!(world.handle(&[created("regions/a.csv")]).await, 0);
    }
    let batch = world.batch("regions/a.csv").await;
    assert_eq!((batch.state, batch.rows), (State::Committed, Some(1)));
    assert_eq!(batch.attempt.0, 1);
}

#[tokio::test]
async fn an_unknown_dataset_is_rejected_with_the_reason_and_not_tried_again() {
    let mut world = World::new(&[]).await;
    assert_eq!(world.handle(&[created("nonsense/a.csv")]).await, 0);
    let batch = world.batch("nonsense/a.csv").await;
    assert_eq!(batch.state, State::Rejected);
    let problem = batch.error.expect("a reason");
    assert_eq!(problem.r#type, "/problems/unknown-dataset");
    assert!(problem.detail.expect("a detail").contains("regions"));
}

#[tokio::test]
async fn a_key_that_says_no_format_is_rejected() {
    let mut world = World::new(&[]).await;
    assert_eq!(world.handle(&[created("prices/a.xlsx")]).await, 0);
    assert_eq!(world.batch("prices/a.xlsx").await.state, State::Rejected);
}

#[tokio::test]
async fn an_object_out_of_reach_fails_its_batch_and_comes_again_later() {
    let mut world = World::new(&[("regions/a.csv", "busy")]).await;
    assert_eq!(world.handle(&[created("regions/a.csv")]).await, 0);
    let batch = world.batch("regions/a.csv").await;
    assert_eq!(batch.state, State::Failed);
    let [pause] = world.pauses()[..] else {
        panic!("one message: {:?}", world.pauses());
    };
    assert!(pause >= Duration::from_secs(2) && pause < Duration::from_secs(4));
    // Too early: it waits for its time.
    assert_eq!(world.handle(&[Control::Next.to_body()]).await, 0);
    assert_eq!(world.batch("regions/a.csv").await.attempt.0, 1);
}

#[tokio::test]
async fn one_bad_message_does_not_hold_back_the_others() {
    let mut world = World::new(&[("regions/a.csv", REGIONS)]).await;
    let bodies = ["not json".to_owned(), created("regions/a.csv")];
    assert_eq!(world.handle(&bodies).await, 1);
    assert_eq!(world.batch("regions/a.csv").await.state, State::Committed);
}

#[tokio::test]
async fn a_control_message_for_an_unknown_batch_is_poison() {
    let mut world = World::new(&[]).await;
    let batch = ledger::BatchId::fresh();
    let load = Control::Load { batch }.to_body();
    let undo = Control::Undo {
        batch,
        by: "test".to_owned(),
    };
    assert_eq!(world.handle(&[load, undo.to_body()]).await, 2);
}

#[tokio::test]
async fn a_failed_batch_is_loaded_by_a_control_message() {
    let mut world = World::new(&[("regions/a.csv", "busy"), ("regions/b.csv", REGIONS)]).await;
    assert_eq!(world.handle(&[created("regions/a.csv")]).await, 0);
    world.intake.loading.open = Box::new(|_, _| Box::new(BytesSource::new(REGIONS)));
    let batch = world.batch("regions/a.csv").await.id;
    assert_eq!(world.handle(&[Control::Load { batch }.to_body()]).await, 0);
    let batch = world.batch("regions/a.csv").await;
    assert_eq!((batch.state, batch.attempt.0), (State::Committed, 2));
}

#[tokio::test]
async fn a_batch_that_was_cancelled_stays_so_though_a_control_message_is_left_over() {
    let mut world = World::new(&[("regions/a.csv", "busy"), ("regions/b.csv", REGIONS)]).await;
    assert_eq!(world.handle(&[created("regions/a.csv")]).await, 0);
    world.intake.loading.open = Box::new(|_, _| Box::new(BytesSource::new(REGIONS)));
    let batch = world.batch("regions/a.csv").await.id;
    let session: Session = world.database.connect(testkit::Role::Loader).await;
    ledger::cancel(&session, batch, "test")
        .await
        .expect("it waits for another try");
    assert_eq!(world.handle(&[Control::Load { batch }.to_body()]).await, 0);
    let found = world.batch("regions/a.csv").await;
    assert_eq!((found.state, found.waits), (State::Failed, false));
}

#[tokio::test]
async fn another_version_under_an_announced_key_keeps_what_was_announced() {
    let id = ledger::BatchId::fresh();
    let key = format!("regions/api/{id}/a.csv");
    let mut world = World::new(&[(&key, REGIONS)]).await;
    let session: Session = world.database.connect(testkit::Role::Loader).await;
    let options = ledger::Options {
        dry_run: true,
        expect_rows: Some(1),
        ..ledger::Options::default()
    };
    let new = ledger::NewBatch {
        id,
        dataset: "regions",
        source: ledger::ObjectName {
            bucket: BUCKET.to_owned(),
            key: key.clone(),
            version: None,
        },
        object_bytes: None,
        etag: None,
        submitted_by: "key:partner",
        options: options.clone(),
    };
    ledger::receive(&session, &new).await.expect("announced");
    // The last is the first once more.
    for (name, etag) in [("v1", "one"), ("v2", "two"), ("v3", "one")] {
        assert_eq!(world.handle(&[version(&key, name, etag)]).await, 0);
    }
    let find = async |id| ledger::find(&session, id).await.expect("an answer");
    let first = find(id).await.expect("known");
    assert_eq!(first.state, State::Checked);
    let own = |name| batch_id_for_object(BUCKET, &key, Some(name));
    let second = find(own("v2")).await.expect("known");
    assert_eq!(second.state, State::Checked);
    assert_eq!(second.submitted_by, "key:partner");
    assert_eq!(second.options, options);
    assert!(find(own("v3")).await.is_none());
}
