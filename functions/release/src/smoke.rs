//! The smoke test: every new version answers, is of the release, and reaches what it needs.

use futures_util::future::join_all;

use crate::calls::Functions;
use crate::questions::health;
use crate::{ReleaseError, Target};

/// Asks all versions at once. The error names everything that is wrong with any of them.
pub(crate) async fn test(
    functions: &Functions,
    release: Option<&str>,
    targets: &[Target],
) -> Result<Vec<String>, ReleaseError> {
    let asked = join_all(targets.iter().map(|target| ask(functions, release, target))).await;
    let mut answered = Vec::new();
    let mut faults = Vec::new();
    for (target, fault) in targets.iter().zip(asked) {
        match fault? {
            None => answered.push(target.function.clone()),
            Some(fault) => faults.push(format!(
                "{}, version {}: {fault}",
                target.function, target.to
            )),
        }
    }
    if faults.is_empty() {
        Ok(answered)
    } else {
        Err(ReleaseError::Smoke(faults.join("; ")))
    }
}

/// What is wrong with a version.
async fn ask(
    functions: &Functions,
    release: Option<&str>,
    target: &Target,
) -> Result<Option<String>, ReleaseError> {
    let question = health(&target.function);
    let called = functions
        .call(&target.name, &target.to, &question.event())
        .await?;
    let health = match called.and_then(|answer| question.health(&answer)) {
        Ok(health) => health,
        Err(fault) => return Ok(Some(fault)),
    };
    if let Some(release) = release.filter(|release| *release != health.release) {
        return Ok(Some(format!(
            "it is of release {}, not {release}",
            health.release
        )));
    }
    Ok((!health.problems.is_empty()).then(|| health.problems.join(", ")))
}
