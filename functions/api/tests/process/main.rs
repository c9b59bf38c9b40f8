//! The program itself: what it writes inside Lambda, and how it stops outside of it.

#![expect(
    clippy::panic,
    unreachable_pub,
    reason = "tests say what they expect, to themselves"
)]

mod measured;
mod program;
mod stopping;
