//! Requests that stand for partners' where too few come by themselves. The old version is asked as often as the new one:
//! what both do wrong is not the new one's.

use canary::{Counts, Synthetic, Traffic};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::calls::Functions;
use crate::{ReleaseError, Target, questions};

/// Requests at once of one version: partners' own must not wait for a session because of these.
const AT_ONCE: usize = 2;

/// Every function that requests can be made of, with those that were.
pub(crate) fn possible(targets: &[Target], made: Vec<Synthetic>) -> Vec<Synthetic> {
    let mut all = made;
    for target in targets {
        let known = all.iter().any(|made| made.function == target.function);
        if !known && !questions::traffic(&target.function).is_empty() {
            all.push(Synthetic {
                function: target.function.clone(),
                new: Counts::default(),
                old: Counts::default(),
            });
        }
    }
    all
}

/// Makes the requests that are asked for, and adds them to those made before.
pub(crate) async fn make(
    functions: &Functions,
    targets: &[Target],
    asked: &[Traffic],
    made: Vec<Synthetic>,
) -> Result<Vec<Synthetic>, ReleaseError> {
    let mut made = possible(targets, made);
    for one in &mut made {
        let Some(target) = targets
            .iter()
            .find(|target| target.function == one.function)
        else {
            continue;
        };
        let requests = asked
            .iter()
            .filter(|asked| asked.function == one.function)
            .map(|asked| asked.requests)
            .sum();
        for (version, counts) in [(&target.to, &mut one.new), (&target.from, &mut one.old)] {
            let more = ask(functions, target, version, requests).await?;
            counts.requests += more.requests;
            counts.errors += more.errors;
        }
    }
    Ok(made)
}

async fn ask(
    functions: &Functions,
    target: &Target,
    version: &str,
    requests: u64,
) -> Result<Counts, ReleaseError> {
    let questions = questions::traffic(&target.function);
    let answers: Vec<bool> = stream::iter(questions.iter().cycle().take(requests as usize))
        .map(|question| async move {
            let called = functions
                .call(&target.name, version, &question.event())
                .await?;
            Ok::<bool, ReleaseError>(called.is_ok_and(|answer| question.accepts(&answer)))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(Counts {
        requests,
        errors: answers.iter().filter(|good| !**good).count() as u64,
    })
}
