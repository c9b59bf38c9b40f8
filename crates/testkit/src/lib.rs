//! A real PostgreSQL for tests: one server for each test process, one database for each test.
//!
//! The server's version is whatever `WAYBILL_POSTGRES_BIN` names, or the first that is found; it goes with the process
//! that started it, however that ends. `WAYBILL_TEST_POSTGRES` names a server that is there already (a superuser's
//! URL), which many test processes then share. A template database is migrated once and cloned for every test.
//!
//! [`lambda`] runs a function's own program as Lambda would; [`load`] asks a program as many would.
//!
//! Everything here panics instead of returning errors: it is for tests only.

mod committed;
mod database;
mod jobs;
pub mod lambda;
pub mod load;
mod locks;
mod parameters;
mod server;

pub use committed::committed_prices;
pub use database::{
    Role, TestDatabase, database, database_on, empty_database, empty_database_on,
    migrated_database, migrated_database_on,
};
pub use jobs::BatchService;
pub use locks::hold_prices;
pub use parameters::parameter_store;
pub use server::{Server, own_server, replicated_server, server};
