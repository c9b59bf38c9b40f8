//! The ledger: what knows every batch, its state and its history, and the only authority on what has been loaded.
//!
//! Everything here is PostgreSQL and nothing is AWS. A batch is made known ([`receive`]), claimed by a loader
//! ([`claim()`]), kept alive ([`beat`]), and ends in the transaction of its rows ([`commit`]) or without them
//! ([`settle()`]). Every write of a loader is fenced by its attempt number. [`migrate`] makes the tables, [`connect()`]
//! the sessions.

mod batch;
mod cancel;
mod claim;
mod connect;
pub mod copy;
mod error;
pub mod idempotency;
mod ids;
mod jobs;
pub mod keys;
mod list;
pub mod migrate;
mod places;
mod problem;
mod queue;
mod receive;
pub mod references;
mod settle;
mod state;
pub mod target;
mod undo;

pub use batch::{Batch, Event, ObjectName, Options, Progress, ProgressOf, ReportSize, hex};
pub use cancel::{Cancel, cancel, cancelled};
pub use claim::{Beat, Claim, Held, beat, claim, release_claim};
pub use connect::{DatabaseConfig, Secret, Session, Timeouts, Tls, connect};
pub use error::{Error, ErrorKind, Fault, Result, chain};
pub use ids::{Attempt, BatchId, BatchNumber, InvalidId, batch_id_for_object};
pub use jobs::{change_lane, note_job, overdue};
pub use list::{Entry, Filter, Page, Report, committed_with_etag, errors, list, state, versions};
pub use places::{note_place, pages};
pub use problem::Problem;
pub use queue::{ATTEMPTS, Postponed, claim_next, enqueue, postpone, requeue};
pub use receive::{NewBatch, find, receive, withdraw};
pub use settle::{Committed, Finding, Outcome, Repeats, Summary, commit, settle};
pub use state::{Lane, State, UnknownWord};
/// The driver, for those who run statements of their own on a [`Session`].
pub use tokio_postgres::{self, Client, Transaction};
pub use undo::{Replay, Undone, may_undo, remark, replay, request_undo, undo, undo_asked_by};
