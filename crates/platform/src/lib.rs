//! The AWS edge: names and sizes, settings, objects, queue messages, secrets, database sessions,
//! logs and metrics.
//!
//! Used by the functions, the command line and the local stack only. What is right about a batch
//! is decided in `loader` and `ledger`; this crate reaches the things they need.

pub mod aws;
pub mod database;
pub mod executions;
pub mod jobs;
pub mod messages;
pub mod metrics;
pub mod names;
pub mod objects;
pub mod probe;
pub mod queue;
pub mod secrets;
pub mod settings;
pub mod telemetry;
