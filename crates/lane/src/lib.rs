//! A claimed batch on its way to the ledger's verdict, and a committed one on its way back: what every lane that is not Spark does.
//!
//! The function lane and the task lane differ in what claims a batch and in what ends their time. What lies
//! between, and what the ledger is told of every end, is here, once.

mod delivery;
mod loading;
mod pause;
mod problems;
mod undo;

pub use loading::{End, Loading, Open, Sessions, Settings, Stop, from_s3};
pub use pause::pause;
pub use undo::Undo;
