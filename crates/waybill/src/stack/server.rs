//! The PostgreSQL server of the local stack.

use std::time::Duration;

use local::postgres::{Binaries, Cluster, Purpose};
use local::{LocalDir, Part, StackState};

use super::remove;
use crate::failure::Outcome;

/// The port that is tried first: beside PostgreSQL's own, which a server of the machine may have.
const PREFERRED_PORT: u16 = 54_320;

/// Starts the server, or finds it running, and remembers it.
pub(crate) fn start(dir: &LocalDir, port: Option<u16>, state: &mut StackState) -> Outcome<Cluster> {
    let cluster = open(dir)?;
    let earlier = state.postgres.as_ref().map(|part| part.port);
    // From here on `down` looks for a server, even if this is broken off.
    state.write(dir)?;
    state.postgres = Some(cluster.start(port.or(earlier).unwrap_or(PREFERRED_PORT))?);
    state.write(dir)?;
    Ok(cluster)
}

/// Stops the server where it runs; removes its folder where `purge` says so. Returns whether it ran.
pub(crate) fn stop(dir: &LocalDir, part: Option<&Part>, purge: bool) -> Outcome<bool> {
    let mut runs = part.is_some_and(Part::is_alive);
    if part.is_none() && !dir.state_file().exists() {
        return Ok(false);
    }
    match open(dir) {
        Ok(cluster) => {
            // Also one that was started by an `up` that was broken off before it could write so down.
            runs |= cluster.stop()?;
            if purge {
                remove(cluster.home())?;
            }
        }
        // Its programs may be gone while it runs, or its folder may be of another version.
        Err(failure) => match part {
            Some(part) if runs => drop(part.process.stop("PostgreSQL", Duration::from_secs(20))?),
            _ if purge => remove(&dir.postgres())?,
            _ if part.is_none() => {}
            _ => return Err(failure),
        },
    }
    Ok(runs)
}

fn open(dir: &LocalDir) -> Outcome<Cluster> {
    let binaries = Binaries::find(&dir.python_environments())?;
    Ok(Cluster::prepare(
        &binaries,
        &dir.postgres(),
        Purpose::Stack,
    )?)
}
