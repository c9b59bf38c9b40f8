//! The program itself: what it writes inside Lambda, and how it serves and stops outside of it.

#![expect(
    clippy::panic,
    unreachable_pub,
    reason = "tests say what they expect, to themselves"
)]

mod draining;
mod measured;
mod pressure;
mod program;
mod replica;
mod running;
mod stopping;
