//! References checked while reading: the known keys of a referenced table in memory, and which of
//! them the batch used, so that each is locked once before the commit.

use std::sync::atomic::{AtomicBool, Ordering};

use contract::{Reference, Value};
use hashbrown::HashMap;

/// The known keys of one referenced column.
#[derive(Debug)]
pub(crate) struct KnownKeys {
    /// What the contract's column refers to.
    pub(crate) reference: Reference,
    places: HashMap<Box<str>, usize>,
    used: Vec<AtomicBool>,
}

impl KnownKeys {
    pub(crate) fn new(reference: Reference, keys: impl IntoIterator<Item = String>) -> Self {
        let places: HashMap<Box<str>, usize> = keys
            .into_iter()
            .enumerate()
            .map(|(place, key)| (key.into_boxed_str(), place))
            .collect();
        let used = std::iter::repeat_with(AtomicBool::default)
            .take(places.len())
            .collect();
        Self {
            reference,
            places,
            used,
        }
    }

    /// Whether the value is a known key (or null, which refers to nothing), and notes its use.
    pub(crate) fn contains(&self, value: &Value<'_>) -> bool {
        let place = match value {
            Value::Null => return true,
            Value::Text(text) => self.places.get(*text),
            Value::Int(number) => self.places.get(number.to_string().as_str()),
            Value::BigInt(number) => self.places.get(number.to_string().as_str()),
            Value::Uuid(bytes) => self
                .places
                .get(uuid::Uuid::from_bytes(*bytes).to_string().as_str()),
            // `Contract::parse` lets no other type refer to anything.
            _ => None,
        };
        let Some(&place) = place else { return false };
        let used = &self.used[place];
        // Read before written: a line that all threads only read stays in every core's cache.
        if !used.load(Ordering::Relaxed) {
            used.store(true, Ordering::Relaxed);
        }
        true
    }

    /// The distinct keys that the batch refers to.
    pub(crate) fn used(&self) -> Vec<String> {
        let used = self
            .places
            .iter()
            .filter(|(_, place)| self.used[**place].load(Ordering::Relaxed));
        used.map(|(key, _)| key.to_string()).collect()
    }
}
