//! The API over a real PostgreSQL: every call, in process.

#![expect(
    clippy::panic,
    unreachable_pub,
    reason = "tests say what they expect, to themselves"
)]

mod access;
mod batches;
mod idempotency;
mod openapi;
mod orders;
mod outage;
mod rates;
mod replica;
mod reports;
mod stack;
mod submit;
mod uploads;
