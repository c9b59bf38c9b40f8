//! `migrate`: a database brought to this release's schema.

use crate::cli::Owned;
use crate::failure::{Exit, Outcome};
use crate::owner::Owner;
use crate::terminal::Terminal;

/// Applies what is missing and compares contracts and tables.
pub(crate) async fn migrate(owned: &Owned, terminal: Terminal) -> Outcome {
    let bar = terminal.spinner("migrating");
    let applied = Owner::of(owned).await?.migrate().await?;
    bar.finish_and_clear();
    terminal.either(&serde_json::json!({"applied": applied}), || {
        if applied.is_empty() {
            "nothing to apply: the schema is this release's".to_owned()
        } else {
            format!("applied: {}", applied.join(", "))
        }
    })?;
    Ok(Exit::Done)
}
