//! The ledger against a real PostgreSQL. One binary, so that one server and one template serve every test.

mod cancel;
mod claims;
mod concurrent;
mod contents;
mod help;
mod keys;
mod lifecycle;
mod limits;
mod migrations;
mod queue;
mod references;
mod roles;
mod undo;
