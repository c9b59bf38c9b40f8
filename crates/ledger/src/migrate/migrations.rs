//! The migrations that a release knows, in their order.

use refinery::{Migration, Runner, Target};

use super::concurrent::{self, Statement};
use crate::error::{Error, ErrorKind, Result};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

const HISTORY: &str = "waybill.migrations";

/// Migrations, by version.
#[derive(Debug, Clone)]
pub struct Migrations(Vec<Migration>);

/// How a migration is run.
pub(super) enum Step {
    /// All of it in one transaction.
    Transaction,
    /// One statement, outside of any.
    Concurrent(Statement),
}

impl Migrations {
    /// Those that are compiled into this release.
    pub fn shipped() -> Self {
        Self(embedded::migrations::runner().get_migrations().clone()).ordered()
    }

    /// With one more, called as its file would be, without `.sql`.
    pub fn and(mut self, name: &str, sql: &str) -> Result<Self> {
        let one = Migration::unapplied(name, sql)
            .map_err(|error| Error::new(ErrorKind::Config, format!("{name}: {error}")))?;
        self.0.push(one);
        Ok(self.ordered())
    }

    /// Those up to a version.
    #[must_use]
    pub fn up_to(mut self, version: i64) -> Self {
        self.0.retain(|one| one.version() <= version);
        self
    }

    /// The newest one's version; 0 where there is none.
    pub fn newest(&self) -> i64 {
        self.0.last().map_or(0, Migration::version)
    }

    fn ordered(mut self) -> Self {
        self.0.sort_by_key(Migration::version);
        self
    }

    /// Refuses what could not be applied, or not in this order, before anything is.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::new(ErrorKind::Config, text));
        for pair in self.0.windows(2) {
            if pair[0].version() == pair[1].version() {
                return wrong(format!(
                    "{} and {} have the same number: give the one that was applied nowhere yet the next free one",
                    pair[0], pair[1]
                ));
            }
        }
        for one in &self.0 {
            if one.version() < 1 || !one.to_string().starts_with('V') {
                return wrong(format!(
                    "{one}: migrations are called V<n>__<name>.sql, from 1"
                ));
            }
            step(one)?;
        }
        Ok(())
    }

    /// What the database lacks of these. An error where that would change the order: what a newer release applied is
    /// not ours to miss, but one of ours that was passed over was written against another schema.
    pub(super) fn missing(&self, applied: &[i64]) -> Result<Vec<&Migration>> {
        let last = applied.iter().copied().max().unwrap_or(0);
        let missing: Vec<_> = self
            .0
            .iter()
            .filter(|one| !applied.contains(&one.version()))
            .collect();
        match missing.iter().find(|one| one.version() < last) {
            None => Ok(missing),
            Some(late) => Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the database is at version {last} and never had {late}: give it the next free number, so that it comes after what is there"
                ),
            )),
        }
    }

    /// refinery with these and a target.
    pub(super) fn runner(&self, target: Target) -> Runner {
        let mut runner = Runner::new(&self.0);
        runner.set_migration_table_name(HISTORY);
        // What a newer release applied is unknown here, and stays.
        runner.set_abort_missing(false).set_target(target)
    }

    fn fingerprint(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |all: u64, one| all.rotate_left(7) ^ one.checksum())
    }
}

/// How a migration is run: its name says so.
pub(super) fn step(migration: &Migration) -> Result<Step> {
    if !migration.name().ends_with(concurrent::SUFFIX) {
        return Ok(Step::Transaction);
    }
    Statement::parse(migration.sql().unwrap_or_default())
        .map(Step::Concurrent)
        .map_err(|why| Error::new(ErrorKind::Config, format!("{migration}: {why}")))
}

/// A number that changes with the migrations this release knows: names a template database in tests.
pub fn fingerprint() -> u64 {
    Migrations::shipped().fingerprint()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(one: &str, other: &str) -> String {
        let sql = "SELECT 1";
        Migrations(vec![])
            .and(one, sql)
            .and_then(|all| all.and(other, sql))
            .and_then(|all| all.check())
            .expect_err("not in order")
            .context()
            .to_owned()
    }

    #[test]
    fn the_shipped_ones_count_up_from_one_and_can_be_run() {
        let shipped = Migrations::shipped();
        shipped.check().expect("in order");
        let versions: Vec<i64> = shipped.0.iter().map(Migration::version).collect();
        assert!(versions.len() > 1);
        assert_eq!(versions, (1..=shipped.newest()).collect::<Vec<_>>());
    }

    #[test]
    fn every_file_of_the_folder_is_among_them() {
        let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let folder = format!("{here}/../../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the migrations")
            .map(|file| {
                file.expect("a file")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        let mut known: Vec<String> = Migrations::shipped()
            .0
            .iter()
            .map(|one| format!("{one}.sql"))
            .collect();
        files.sort();
        known.sort();
        assert_eq!(
            files, known,
            "a file whose name is wrong would never be applied"
        );
    }

    #[test]
    fn two_with_one_number_and_strange_numbers_are_refused() {
        assert!(complaint("V3__a", "V3__b").contains("V3__a and V3__b have the same number"));
        assert!(complaint("V0__a", "V1__b").contains("V0__a"));
        assert!(complaint("V1__a", "U2__b").contains("U2__b"));
    }

    #[test]
    fn one_that_was_passed_over_is_refused_and_what_newer_releases_did_is_not() {
        let all = Migrations(vec![])
            .and("V1__a", "")
            .and_then(|all| all.and("V2__b", ""))
            .expect("good names");
        let names = |applied: &[i64]| {
            let missing = all.missing(applied)?;
            Ok::<_, Error>(missing.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).expect("all"), ["V1__a", "V2__b"]);
        assert_eq!(names(&[1]).expect("one"), ["V2__b"]);
        assert!(names(&[1, 2, 3]).expect("none").is_empty());
        let error = names(&[1, 3]).expect_err("V2 was passed over");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.context().contains("never had V2__b"), "{error}");
    }
}
