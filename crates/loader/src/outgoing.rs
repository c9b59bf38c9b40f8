//! The way of checked rows to the server: sorted, or as they come.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::encode::RowPlan;
use crate::error::LoadError;
use crate::meter::Meter;
use crate::pieces::Pieces;
use crate::runs::Rows;
use crate::settings::LoadSettings;
use crate::sorter::Sorter;

/// Takes blocks of rows in file order. Dropped before [`Outgoing::finish`], it sends nothing more.
pub(crate) enum Outgoing {
    /// There is no order to put rows into: each block leaves at once.
    AsTheyCome(Pieces),
    Sorted(Sorter),
}

impl Outgoing {
    pub(crate) fn new(
        settings: &LoadSettings,
        plan: &Arc<RowPlan>,
        meter: &Arc<Meter>,
        rows_to: mpsc::Sender<Bytes>,
    ) -> Self {
        let pieces = Pieces::new(rows_to, Arc::clone(meter));
        if plan.sorts() {
            Self::Sorted(Sorter::start(settings, Arc::clone(plan), pieces))
        } else {
            Self::AsTheyCome(pieces)
        }
    }

    /// Takes a block's rows; false when nobody wants rows any more.
    pub(crate) fn take(&mut self, rows: Rows) -> bool {
        match self {
            Self::AsTheyCome(pieces) => pieces.block(rows).is_ok(),
            Self::Sorted(sorter) => sorter.take(&rows),
        }
    }

    /// Sends what is still held, and ends when all rows are on their way.
    pub(crate) async fn finish(self) -> Result<(), LoadError> {
        match self {
            Self::AsTheyCome(_) => Ok(()),
            Self::Sorted(sorter) => sorter.finish().await,
        }
    }
}
