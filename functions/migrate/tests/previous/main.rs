//! The release that still runs must go on working on the next release's schema: what it asks of the database is recorded,
//! and asked again after the migrations that came since.

#![expect(clippy::panic, reason = "tests say what they expect, to themselves")]

mod api;
mod play;
mod recorder;
mod recording;
mod replay;
mod sources;
mod wire;

use ledger::migrate::{Migrations, Options};
use recording::{Outcome, Recording, Statement, versions};
use replay::{When, replay};

/// Set to have the recording of the newest version written anew.
const WRITE: &str = "WAYBILL_WRITE_STATEMENTS";
const HOW: &str = "scripts/lib/statements --write, and look at what changed; docs/migrations.md says what it means";

fn newest() -> i64 {
    Migrations::shipped().newest()
}

/// The release before the next one: this one.
fn present() -> Recording {
    Recording::read(newest())
        .unwrap_or_else(|| panic!("there is no recording of version {}: {HOW}", newest()))
}

/// Those that the other lacks, one a line.
fn lacking(some: &Recording, other: &Recording) -> String {
    let lines = some
        .statements
        .iter()
        .filter(|one| !other.statements.contains(one))
        .map(Statement::name);
    lines.collect::<Vec<_>>().join("\n  ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_of_this_schema_is_what_this_release_asks() {
    let fresh = play::play().await;
    if std::env::var_os(WRITE).is_some() {
        fresh.write(newest());
    }
    let kept = present();
    let (gone, new) = (lacking(&kept, &fresh), lacking(&fresh, &kept));
    assert!(
        gone.is_empty() && new.is_empty(),
        "recorded and no longer asked:\n  {gone}\nasked and not recorded:\n  {new}\nnext: {HOW}"
    );
}

#[test]
fn every_piece_of_sql_in_the_sources_is_recorded() {
    let (known, missing) = sources::unrecorded(&present());
    assert!(
        missing.is_empty(),
        "not asked in tests/previous/play.rs, and so not guarded:\n  {}",
        missing.join("\n  ")
    );
    assert!(
        known > 60,
        "only {known} pieces of SQL were found in the sources"
    );
}

#[test]
fn a_piece_of_sql_that_is_not_recorded_is_named() {
    let mut recording = present();
    recording
        .statements
        .retain(|one| !one.sql.contains("waybill.withdraw"));
    let (_, missing) = sources::unrecorded(&recording);
    assert!(
        missing.len() == 1 && missing[0].starts_with("crates/ledger/src/receive.rs: SELECT"),
        "{missing:?}"
    );
}

#[test]
fn every_recorded_statement_runs_in_the_replay_as_each_role_that_sends_any() {
    let present = present();
    for (place, statement) in present.statements.iter().enumerate() {
        let ran = present.runs.iter().any(|run| run.statement == place);
        assert!(ran, "{}", statement.name());
    }
    let succeeded = present
        .runs
        .iter()
        .filter(|run| matches!(run.outcome, Outcome::Rows(_)));
    assert!(succeeded.count() * 100 > present.runs.len() * 95);
    for role in ["owner", "loader", "reader", "api"] {
        assert!(
            present.statements.iter().any(|one| one.role == role),
            "{role}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_earlier_releases_ask_works_on_this_schema() {
    assert_eq!(versions().last(), Some(&newest()));
    for version in versions() {
        let recording = Recording::read(version).expect("it is listed");
        for when in [When::Before, When::Midway] {
            let complaints = replay(&recording, version, &Options::shipped(), when).await;
            assert!(
                complaints.is_empty(),
                "a release of V{version} would fail on this schema (migrated {when:?}):\n  {}\nnext: expand now and contract when no environment runs that release any more: docs/migrations.md",
                complaints.join("\n  ")
            );
        }
    }
}

/// What this release's statements come to after one more migration.
async fn after(name: &str, sql: &str, when: When) -> Vec<String> {
    let mut options = Options::shipped().with_contracts(&[]);
    let version = newest();
    options.migrations = options
        .migrations
        .and(&format!("V{}__{name}", version + 1), sql)
        .expect("a good name");
    replay(&present(), version, &options, when).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_takes_something_away_is_noticed_with_the_statement_that_needs_it() {
    let spoilt = [
        (
            "ALTER TABLE public.prices DROP COLUMN price CASCADE",
            "loader: COPY public.\"prices\"",
            "column \"price\"",
        ),
        (
            "ALTER TABLE public.ports RENAME COLUMN name TO title",
            "loader: ",
            "column \"name\"",
        ),
        (
            "ALTER TABLE waybill.batches RENAME COLUMN etag TO tag",
            "loader: ",
            "etag",
        ),
        (
            "ALTER TABLE public.prices ADD COLUMN currency text NOT NULL",
            "loader: COPY",
            "currency",
        ),
        (
            "ALTER TABLE public.prices ALTER COLUMN price TYPE bigint",
            "loader: COPY",
            "data left",
        ),
        (
            "ALTER TABLE waybill.batches ALTER COLUMN rows TYPE integer",
            "loader: ",
            "int4",
        ),
        (
            "ALTER TABLE public.regions ADD CONSTRAINT short CHECK (length(name) < 5)",
            "loader: INSERT INTO public.\"regions\"",
            "short",
        ),
        (
            "CREATE UNIQUE INDEX one_a_day ON public.prices (orig_code, dest_code, day)",
            "loader: COPY",
            "one_a_day",
        ),
        (
            "REVOKE SELECT ON public.prices FROM waybill_readers",
            "reader: SELECT",
            "permission denied",
        ),
        (
            "REVOKE UPDATE ON waybill.batches FROM waybill_loaders",
            "loader: ",
            "permission denied",
        ),
        (
            "REVOKE DELETE ON waybill.idempotency FROM waybill_apis",
            "api: DELETE FROM waybill.idempotency",
            "permission denied",
        ),
        (
            "DROP FUNCTION waybill.withdraw",
            "api: SELECT waybill.withdraw",
            "withdraw",
        ),
        (
            "ALTER TABLE waybill.batches DROP CONSTRAINT batches_state, ADD CONSTRAINT batches_state CHECK (state <> 'undone')",
            "loader: UPDATE waybill.batches SET state = 'undone'",
            "batches_state",
        ),
    ];
    for (sql, statement, why) in spoilt {
        let complaints = after("spoilt", sql, When::Before).await;
        let first = complaints
            .first()
            .unwrap_or_else(|| panic!("not noticed: {sql}"));
        assert!(
            first.starts_with(statement) && first.contains(why),
            "{sql}: {complaints:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_only_adds_is_let_through() {
    for (name, sql) in [
        ("note", "ALTER TABLE public.prices ADD COLUMN note text"),
        (
            "hotels",
            "CREATE TABLE public.hotels (code text PRIMARY KEY, port text REFERENCES public.ports)",
        ),
        (
            "day_concurrently",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS prices_day ON public.prices (day)",
        ),
        (
            "state",
            "ALTER TABLE waybill.batches ADD COLUMN weight integer NOT NULL DEFAULT 0",
        ),
        (
            "grants",
            "GRANT SELECT ON waybill.events TO waybill_readers",
        ),
    ] {
        for when in [When::Before, When::Midway] {
            let complaints = after(name, sql, when).await;
            assert!(complaints.is_empty(), "{sql}, {when:?}: {complaints:#?}");
        }
    }
}
