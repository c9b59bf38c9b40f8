//! Sessions that hold others up, and those that wait for them.

use std::time::Duration;

use ledger::{Session, Transaction};

use crate::{Role, TestDatabase};

/// Locks every price, so that whoever takes some out waits until the transaction ends.
pub async fn hold_prices(session: &mut Session) -> Transaction<'_> {
    let lock = session.transaction().await.expect("begun");
    lock.batch_execute("SELECT 1 FROM prices FOR UPDATE")
        .await
        .expect("locked");
    lock
}

impl TestDatabase {
    /// Waits until a session of this database waits for a lock.
    pub async fn until_one_waits(&self) {
        self.until_waiting(true).await;
    }

    /// Waits until no session of this database waits for a lock: the server notices by itself that nobody is there any more
    /// who would have its answer.
    pub async fn until_none_waits(&self) {
        self.until_waiting(false).await;
    }

    async fn until_waiting(&self, wanted: bool) {
        // In a session of its own: within a transaction the activity stays what it was at the first look.
        let session = self.connect(Role::Super).await;
        let waiting = "SELECT count(*) > 0 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..600 {
            let row = session.query_one(waiting, &[]).await.expect("an answer");
            if row.get::<_, bool>(0) == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let name = self.name();
        panic!("after 30 s: whether a session of {name} waits for a lock is still not {wanted}");
    }
}
