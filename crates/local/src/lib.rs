//! PostgreSQL and the AWS emulator on this machine: found, started, stopped, remembered. What is made inside them
//! (buckets, queues, functions) belongs to the command line; nothing here knows AWS' calls.

mod dirs;
pub mod emulator;
mod error;
pub mod ports;
pub mod postgres;
pub mod process;
mod state;

pub use dirs::LocalDir;
pub use error::StackError;
pub use process::Process;
pub use state::{Part, StackLock, StackState};
