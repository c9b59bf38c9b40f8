//! The AWS edge: names and sizes, settings, objects, queue messages, secrets, database sessions,
//! logs and metrics.
//!
//! Used by the functions, the command line and the local stack only. What is right about a batch
//! is decided in `loader` and `ledger`; this crate reaches the things they need.

pub mod names;
pub mod settings;
