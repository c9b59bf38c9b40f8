//! Many releases of one world, counted.

use canary::{Policy, Tolerances};

use crate::world::{Judge, Outcome, World, release};

/// Releases of each world.
pub const RELEASES: u64 = 200;

/// What the truth is about a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It fails no more often than the old one, or than is usual.
    NoWorse,
    /// It fails more often, and by less than the margin: either verdict is right.
    Between,
    /// It fails more often, by the margin or more.
    Worse,
}

pub struct Tally {
    pub world: World,
    pub outcomes: Vec<Outcome>,
}

impl Tally {
    pub fn of(world: World, policy: &Policy, judge: Judge) -> Self {
        let outcomes = (0..RELEASES)
            .map(|number| release(world, policy, judge, seed(world, number)))
            .collect();
        Tally { world, outcomes }
    }

    pub fn truth(&self) -> Truth {
        let failed = Tolerances::default().failed;
        let old = self.world.old.max(failed.usual.get());
        let margin = old.clamp(failed.least.get(), failed.most.get());
        // Sums of decimals are not exact.
        if self.world.new + 1e-9 >= old + margin {
            Truth::Worse
        } else if self.world.new <= old {
            Truth::NoWorse
        } else {
            Truth::Between
        }
    }

    pub fn live(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.live).count()
    }

    pub fn taken_back(&self) -> usize {
        self.outcomes.len() - self.live()
    }

    /// The value below which so many hundredths of the releases stay.
    pub fn quantile(&self, hundredths: usize, of: fn(&Outcome) -> u64) -> u64 {
        let mut values: Vec<u64> = self.outcomes.iter().map(of).collect();
        values.sort_unstable();
        values[(values.len() * hundredths / 100).min(values.len() - 1)]
    }
}

/// A release's own chance, from the world and the release's number.
fn seed(world: World, number: u64) -> u64 {
    let world = (world.old * 1e4) as u64 * 100_000 + (world.new * 1e4) as u64;
    world * RELEASES * 10 + number
}
