//! Releases: one commit's functions packed together under its name, put where environments take them from, and brought
//! out by an environment's machine.

mod build;
pub(crate) mod machine;
mod manifest;
pub(crate) mod order;
pub(crate) mod progress;
mod upload;

pub(crate) use build::build;
pub(crate) use manifest::{MANIFEST, Manifest, PREVIEWS, RELEASES, fetch};
pub(crate) use upload::upload;
