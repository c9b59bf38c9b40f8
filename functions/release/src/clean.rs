//! Old versions.

use std::collections::BTreeSet;

use crate::calls::Functions;
use crate::{ReleaseError, Target};

/// Removes all versions but the newest, those that an alias leads to, and those that this release moved between. Whoever
/// is still at work on an old version is there for a function's fifteen minutes at most: the newest few outlast that.
pub(crate) async fn clean(
    functions: &Functions,
    targets: &[Target],
    keep: usize,
) -> Result<Vec<String>, ReleaseError> {
    let mut removed = Vec::new();
    for target in targets {
        let mut needed: BTreeSet<u64> = functions.in_use(&target.name).await?.into_iter().collect();
        needed.extend(
            [&target.from, &target.to]
                .into_iter()
                .flat_map(|text| text.parse::<u64>()),
        );
        for version in superfluous(functions.versions(&target.name).await?, &needed, keep) {
            functions.remove(&target.name, version).await?;
            removed.push(format!("{}:{version}", target.name));
        }
    }
    Ok(removed)
}

fn superfluous(mut versions: Vec<u64>, needed: &BTreeSet<u64>, keep: usize) -> Vec<u64> {
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions
        .into_iter()
        .skip(keep)
        .filter(|version| !needed.contains(version))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_and_the_needed_stay() {
        let needed = BTreeSet::from([2, 11]);
        assert_eq!(superfluous(vec![1, 2, 3, 9, 10, 11], &needed, 2), [9, 3, 1]);
        assert_eq!(superfluous(vec![1, 2, 3], &needed, 3), [0; 0]);
        assert_eq!(superfluous(vec![1, 2, 3], &needed, 0), [3, 1]);
    }
}
