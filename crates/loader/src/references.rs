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
            // Dates and decimals, as the server writes them too.
            other => self.places.get(other.to_string().as_str()),
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

#[cfg(test)]
mod tests {
    use contract::Decimal;
    use testkit::Role;

    use super::*;

    #[tokio::test]
    async fn keys_of_every_type_are_found_as_the_server_writes_them() {
        let database = testkit::empty_database().await;
        let owner = database.connect(Role::Owner).await;
        let known = async |ty: &str, keys: &str| {
            let table =
                format!("CREATE TABLE keys (key {ty} PRIMARY KEY); INSERT INTO keys VALUES {keys}");
            owner.batch_execute(&table).await.expect("a table");
            let keys = ledger::references::snapshot(&owner, "keys", "key", 10)
                .await
                .expect("asked");
            owner.batch_execute("DROP TABLE keys").await.expect("gone");
            let reference = Reference {
                dataset: "keys".to_owned(),
                column: "key".to_owned(),
            };
            KnownKeys::new(reference, keys.expect("few"))
        };
        let rate = |negative, digits| Decimal {
            negative,
            digits,
            scale: 2,
        };
        let rates = known("numeric(6,2)", "(1.5), (-20)").await;
        assert!(rates.contains(&Value::Decimal(rate(false, 150))));
        assert!(rates.contains(&Value::Decimal(rate(true, 2000))));
        assert!(!rates.contains(&Value::Decimal(rate(false, 151))));
        let days = known("date", "('1970-01-02'), ('0800-12-24')").await;
        assert!(days.contains(&Value::Date(1)));
        assert!(!days.contains(&Value::Date(2)));
        let numbers = known("bigint", "(-9), (9000000000)").await;
        assert!(
            numbers.contains(&Value::BigInt(9_000_000_000)) && numbers.contains(&Value::BigInt(-9))
        );
        assert!(!numbers.contains(&Value::BigInt(9)));
        assert!(numbers.contains(&Value::Null));
        let ids = known("uuid", "('00000000-0000-0000-0000-0000000000FF')").await;
        let mut id = [0; 16];
        assert!(!ids.contains(&Value::Uuid(id)));
        id[15] = 0xff;
        assert!(ids.contains(&Value::Uuid(id)));
        assert_eq!(ids.used(), ["00000000-0000-0000-0000-0000000000ff"]);
    }
}
