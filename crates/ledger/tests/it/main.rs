//! The ledger against a real PostgreSQL. One binary, so that one server and one template serve every test.

mod claims;
mod contents;
mod help;
mod keys;
mod lifecycle;
mod migrations;
mod references;
mod roles;
mod undo;
