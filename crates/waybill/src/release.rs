//! Releases: one commit's functions packed together under its name, and put where environments take them from.

mod build;
mod manifest;
mod upload;

pub(crate) use build::build;
pub(crate) use manifest::{MANIFEST, Manifest, PREVIEWS, RELEASES};
pub(crate) use upload::upload;
