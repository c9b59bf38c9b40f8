//! Everything that this release asks of a database, once: batches of every kind from their announcement to their end,
//! through the very code that the functions run. What it leaves out, `sources.rs` finds.

use std::time::Duration;

use contract::Contract;
use ledger::keys::{self, Scope};
use ledger::{
    BatchId, Beat, Claim, Held, Lane, NewBatch, ObjectName, Options, Outcome, Postponed, Problem,
    Progress, Replay, Session, State, idempotency, references,
};
use loader::{BytesSource, DEFAULT_LEASE, File, Load, LoadSettings};
use serde_json::Value;
use testkit::{Role, TestDatabase};

use crate::api::{Api, LOST};
use crate::recorder::Recorder;
use crate::recording::Recording;

const REGIONS: &str = "slug,name,parent_slug\nwest,West,\ncoast,Coast,west\n";
const PORTS: &str = "code,name,parent_slug\nCNGGZ,Guangzhou,coast\nEETLL,Tallinn,west\n";
/// Two of them alike: nothing says that they may not be.
const PRICES: &str = "orig_code,dest_code,day,price\nCNGGZ,EETLL,2021-01-01,10\nCNGGZ,EETLL,2021-01-01,10\nEETLL,CNGGZ,2021-01-02,20\n";
const MORE: &str = "orig_code,dest_code,day,price\nCNGGZ,EETLL,2021-01-03,30\n";
const BAD: &str = "orig_code,dest_code,day,price\nCNGGZ,EETLL,2021-01-03,0\n";
const STRANGE: &str = "orig_code,dest_code,day,price\nCNGGZ,NOBOD,2021-01-03,1\n";

/// Plays it on a database without rows, and answers what was overheard.
pub(crate) async fn play() -> Recording {
    let database = testkit::database().await;
    let recorder = Recorder::before(database.config(Role::Owner).port).await;
    let mut cast = Cast::new(&database, &recorder).await;
    cast.tables().await;
    cast.appended().await;
    cast.refused().await;
    cast.replaced().await;
    cast.api().await;
    cast.by_hand().await;
    cast.queued().await;
    drop(cast);
    recorder.recording().await
}

struct Cast {
    owner: Session,
    ledger: Session,
    database: Session,
    by_api: Session,
    api: Api,
    key: String,
    settings: LoadSettings,
}

impl Cast {
    async fn new(database: &TestDatabase, recorder: &Recorder) -> Self {
        let config = |role| recorder.on_the_way(database.config(role));
        let connect = async |role| ledger::connect(&config(role)).await.expect("a session");
        let owner = connect(Role::Owner).await;
        let datasets = ["*".to_owned()];
        let (_, key) = keys::create(&owner, "tester", Scope::ALL, &datasets)
            .await
            .expect("a key");
        Self {
            owner,
            ledger: connect(Role::Loader).await,
            database: connect(Role::Loader).await,
            by_api: connect(Role::Api).await,
            api: Api::new(config(Role::Api), config(Role::Reader), key.expose()),
            key: key.expose().to_owned(),
            settings: LoadSettings {
                threads: 1,
                // One beat a load, whatever the machine.
                beat: DEFAULT_LEASE * 100,
                ..LoadSettings::default()
            },
        }
    }

    /// A batch whose object has a tag, from its announcement to its end.
    async fn load(&mut self, dataset: &str, content: &str) -> State {
        let held = self
            .announce(dataset, Some("tag"), Options::default())
            .await;
        self.load_claimed(dataset, content, held).await
    }

    async fn claim(&mut self, dataset: &str, options: Options) -> Held {
        self.announce(dataset, None, options).await
    }

    async fn announce(&mut self, dataset: &str, etag: Option<&str>, options: Options) -> Held {
        let id = BatchId::fresh();
        let new = NewBatch {
            id,
            dataset,
            source: ObjectName {
                bucket: "incoming".to_owned(),
                key: format!("{dataset}/{id}.csv"),
                version: None,
            },
            object_bytes: Some(100),
            etag,
            submitted_by: "s3",
            options,
        };
        ledger::receive(&self.ledger, &new).await.expect("received");
        self.claim_known(id).await
    }

    async fn claim_known(&mut self, id: BatchId) -> Held {
        match ledger::claim(&mut self.ledger, id, DEFAULT_LEASE, "recorded")
            .await
            .expect("claimed")
        {
            Claim::Held(held) => held,
            other => panic!("not held: {other:?}"),
        }
    }

    async fn load_claimed(&mut self, dataset: &str, content: &str, held: Held) -> State {
        let contract = contract::find(dataset).expect("a shipped dataset");
        self.load_as(contract, content, held).await
    }

    async fn load_as(&mut self, contract: &'static Contract, content: &str, held: Held) -> State {
        let source = BytesSource::new(content.to_owned());
        let key = loader::parse_key(&held.source.key).expect("a good key");
        let load = Load {
            contract,
            files: &[File::only(key.format, key.compression, &source)],
            held: &held,
            settings: &self.settings,
        };
        let loaded = loader::load(load, &mut self.ledger, &mut self.database).await;
        ledger::release_claim(&self.ledger, &held)
            .await
            .expect("released");
        loaded
            .unwrap_or_else(|error| panic!("{}", ledger::chain(&error)))
            .state
    }

    async fn fail(&mut self, id: BatchId) {
        let held = self.claim_known(id).await;
        self.end(&held).await;
    }

    async fn end(&mut self, held: &Held) {
        let outcome = Outcome::Failed {
            problem: Problem::new("failed", "We are wrong"),
        };
        assert!(
            ledger::settle(&mut self.ledger, held, outcome)
                .await
                .expect("settled")
        );
        ledger::release_claim(&self.ledger, held)
            .await
            .expect("released");
    }

    async fn tables(&mut self) {
        assert_eq!(self.load("regions", REGIONS).await, State::Committed);
        assert_eq!(self.load("ports", PORTS).await, State::Committed);
        assert_eq!(self.load("ports", PORTS).await, State::Duplicate);
    }

    async fn appended(&mut self) {
        assert_eq!(self.load("prices", PRICES).await, State::Committed);
        // By its entity tag, before its rows are read; and by its content, after.
        assert_eq!(self.load("prices", PRICES).await, State::Duplicate);
        let held = self.claim("prices", Options::default()).await;
        assert_eq!(
            self.load_claimed("prices", PRICES, held).await,
            State::Duplicate
        );
        let forced = Options {
            force: true,
            ..Options::default()
        };
        let held = self.claim("prices", forced).await;
        assert_eq!(
            self.load_claimed("prices", PRICES, held.clone()).await,
            State::Committed
        );
        let said = ledger::remark(&self.ledger, held.id, "the undo is left to job 1").await;
        said.expect("written");
        let undone = ledger::undo(&mut self.ledger, held.id, "tester").await;
        assert_eq!(undone.expect("undone").rows, 3);
        let dry = Options {
            dry_run: true,
            expect_rows: Some(1),
            expect_sha256: None,
            ..Options::default()
        };
        let held = self.claim("prices", dry).await;
        assert_eq!(
            self.load_claimed("prices", MORE, held).await,
            State::Checked
        );
        // References to a table that is too large to be held in memory.
        self.settings.reference_cap = 1;
        assert_eq!(self.load("prices", MORE).await, State::Committed);
        assert_eq!(self.load("prices", STRANGE).await, State::Rejected);
        self.settings.reference_cap = 1000;
    }

    async fn refused(&mut self) {
        assert_eq!(self.load("prices", BAD).await, State::Rejected);
        assert_eq!(self.load("prices", STRANGE).await, State::Rejected);
        assert_eq!(
            self.load(
                "regions",
                "slug,name,parent_slug\na,A,\na,B,\nb,B,nowhere\n"
            )
            .await,
            State::Rejected
        );
    }

    /// Contracts of other modes, on the tables that there are: the statements are the loader's, whosever the table is.
    async fn replaced(&mut self) {
        let keyed = "name = \"regions\"\ntable = \"regions\"\ndescription = \"All regions\"\nmode = \"snapshot\"\nkey = [\"slug\"]\n
            [[columns]]\nname = \"slug\"\ntype = \"text\"\nrequired = true\n
            [[columns]]\nname = \"name\"\ntype = \"text\"\nrequired = true\n";
        let keyless = "name = \"prices\"\ntable = \"prices\"\ndescription = \"All prices\"\nmode = \"snapshot\"\n
            [[columns]]\nname = \"orig_code\"\ntype = \"text\"\nrequired = true\n
            [[columns]]\nname = \"dest_code\"\ntype = \"text\"\nrequired = true\n
            [[columns]]\nname = \"day\"\ntype = \"date\"\nrequired = true\n
            [[columns]]\nname = \"price\"\ntype = \"integer\"\nrequired = true\n";
        for (text, content) in [
            (keyed, "slug,name\nwest,The west\ncoast,The coast\n"),
            (keyless, PRICES),
        ] {
            let contract: &'static Contract =
                Box::leak(Box::new(Contract::parse(text).expect("a contract")));
            let held = self.claim(&contract.name, Options::default()).await;
            assert_eq!(
                self.load_as(contract, content, held).await,
                State::Committed
            );
        }
    }

    async fn api(&mut self) {
        assert_eq!(self.api.get("/health").await["status"], "ok");
        let to = "/v1/batches?dataset=prices&force=true";
        let sent = self.api.post(to, MORE, "first", 202).await;
        assert_eq!(
            self.api.post(to, MORE, "first", 202).await["id"],
            sent["id"]
        );
        self.api.post(to, PRICES, "first", 422).await;
        self.api.post(to, LOST, "second", 503).await;
        let held = self.claim_known(id(&sent)).await;
        assert_eq!(
            self.load_claimed("prices", MORE, held).await,
            State::Committed
        );
        let batch = format!("/v1/batches/{}", id(&sent));
        self.api.get(&batch).await;
        let listed = self
            .api
            .get("/v1/batches?dataset=prices&state=rejected")
            .await;
        let rejected = id(&listed["batches"][0]);
        self.api
            .get(&format!("/v1/batches/{rejected}/errors"))
            .await;
        self.rates(id(&sent)).await;
        self.api
            .post(&format!("{batch}/undo"), "", "third", 202)
            .await;
        let failed = self.api.post(to, BAD, "", 202).await;
        self.fail(id(&failed)).await;
        self.api
            .post(&format!("/v1/batches/{}/replay", id(&failed)), "", "", 202)
            .await;
        self.fail(id(&failed)).await;
        let upload = self
            .api
            .post(
                "/v1/uploads",
                r#"{"dataset":"prices","content_type":"text/csv"}"#,
                "",
                201,
            )
            .await;
        let complete = upload["complete"].as_str().expect("an address").to_owned();
        self.api.post(&complete, "{}", "", 202).await;
    }

    async fn rates(&self, after: BatchId) {
        let days = "date_from=2021-01-01&date_to=2021-01-03";
        let ports = format!("{days}&orig_code=CNGGZ&dest_code=EETLL");
        let regions = format!("{days}&orig_code=west&dest_code=coast");
        self.api
            .get(&format!("/rates?{ports}&after_batch={after}"))
            .await;
        self.api.get(&format!("/v1/rates?{regions}")).await;
    }

    /// What stands in the library and is called by few, or seldom.
    async fn by_hand(&mut self) {
        let all = keys::list(&self.owner).await.expect("keys");
        keys::list(&self.by_api).await.expect("keys");
        keys::verify(&self.by_api, &self.key)
            .await
            .expect("asked")
            .expect("good");
        assert!(
            keys::revoke(&self.owner, &all[0].id)
                .await
                .expect("revoked")
        );
        ledger::versions(&self.by_api, &["prices", "ports"])
            .await
            .expect("versions");
        idempotency::sweep(&self.by_api).await.expect("swept");
        let hash = [1; 32];
        let idempotency::Begin::Fresh(ticket) =
            idempotency::begin(&self.by_api, "k", "abandoned", &hash)
                .await
                .expect("asked")
        else {
            panic!("nobody asked before");
        };
        idempotency::abandon(&self.by_api, &ticket)
            .await
            .expect("abandoned");
        let values = ["CNGGZ".to_owned(), "NOBOD".to_owned()];
        let missing = references::missing(&self.ledger, "ports", "code", &values).await;
        assert_eq!(missing.expect("asked"), values[1..]);
        let held = self.claim("prices", Options::default()).await;
        let progress = Progress {
            bytes: 1,
            rows: 1,
            copied: 1,
        };
        let beat = ledger::beat(&self.ledger, &held, DEFAULT_LEASE, progress).await;
        assert_eq!(beat.expect("beaten"), Beat::Kept);
        Replay::of(&self.by_api, held.id)
            .await
            .expect_err("it is being loaded");
        let busy = ledger::claim(&mut self.database, held.id, DEFAULT_LEASE, "recorded").await;
        assert!(matches!(busy.expect("asked"), Claim::Busy { .. }));
        // Left loading, it would look as if its loader had gone, and whoever asks for the next batch would get it.
        self.end(&held).await;
    }
}

impl Cast {
    /// Batches that wait, and what becomes of them.
    async fn queued(&mut self) {
        let id = BatchId::fresh();
        let new = NewBatch {
            id,
            dataset: "prices",
            source: ObjectName {
                bucket: "incoming".to_owned(),
                key: format!("prices/{id}.csv"),
                version: None,
            },
            object_bytes: None,
            etag: None,
            submitted_by: "s3",
            options: Options::default(),
        };
        ledger::receive(&self.ledger, &new).await.expect("received");
        let queued = ledger::enqueue(&self.ledger, id, Lane::Function, "partner").await;
        assert_eq!(queued.expect("queued"), Some(Lane::Function));
        let held = self.next().await;
        let problem = Problem::new(Problem::INTERRUPTED, "Interrupted");
        let postponed =
            ledger::postpone(&mut self.ledger, &held, problem, Duration::ZERO, None).await;
        assert_eq!(postponed.expect("postponed"), Postponed::Waits);
        ledger::release_claim(&self.ledger, &held)
            .await
            .expect("released");
        let held = self.next().await;
        ledger::note_job(&self.ledger, id, "job")
            .await
            .expect("noted");
        ledger::cancel(&self.by_api, id, "tester")
            .await
            .expect("asked");
        assert!(
            ledger::cancelled(&mut self.ledger, &held)
                .await
                .expect("asked")
        );
        ledger::release_claim(&self.ledger, &held)
            .await
            .expect("released");
        let claim = ledger::claim(&mut self.ledger, id, DEFAULT_LEASE, "recorded").await;
        assert!(matches!(claim, Ok(Claim::Settled(_))));
        assert!(ledger::requeue(&self.ledger, id).await.expect("asked"));
        let overdue = ledger::overdue(&mut self.ledger, Lane::Function, Duration::ZERO).await;
        assert_eq!(overdue.expect("asked"), [id]);
        for (from, to) in [(Lane::Function, Lane::Task), (Lane::Task, Lane::Function)] {
            let moved = ledger::change_lane(&self.ledger, id, from, to).await;
            assert!(moved.expect("moved"));
        }
        self.give_up(id).await;
        ledger::replay(&self.by_api, id, "tester")
            .await
            .expect("asked");
    }

    async fn next(&mut self) -> Held {
        ledger::claim_next(&mut self.ledger, Lane::Function, DEFAULT_LEASE, "recorded")
            .await
            .expect("asked")
            .expect("somebody waits")
    }

    /// Begins a batch as often as it may be.
    async fn give_up(&mut self, id: BatchId) {
        for tries in 1..=ledger::ATTEMPTS {
            let held = self.next().await;
            assert_eq!((held.id, held.tries), (id, tries));
            let problem = Problem::new(Problem::INTERRUPTED, "Interrupted");
            let postponed =
                ledger::postpone(&mut self.ledger, &held, problem, Duration::ZERO, None).await;
            let waits = tries < ledger::ATTEMPTS;
            assert_eq!(postponed.expect("postponed") == Postponed::Waits, waits);
            ledger::release_claim(&self.ledger, &held)
                .await
                .expect("released");
        }
    }
}

fn id(batch: &Value) -> BatchId {
    let id = batch["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no batch: {batch}"));
    id.parse().expect("an id")
}
