//! The COPY beside the reading. It is opened when the first rows are ready and not before: a batch that
//! is known to be bad by then never touches its table, and locks are held only while rows are written.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::SinkExt;
use ledger::copy;
use tokio::sync::mpsc;
use tokio_postgres::{CopyInSink, Transaction};

use crate::error::LoadError;
use crate::load::{Load, database};
use crate::meter::Meter;
use crate::pipeline::Outcome;
use crate::reading::{Pass, Read, read};
use crate::verdict::{self, Verdict};

/// Pieces of encoded rows that wait for the server.
const PIECES: usize = 4;

/// A COPY whose end has not been said yet.
pub(crate) type OpenCopy = Pin<Box<CopyInSink<Bytes>>>;

/// What came of reading and copying.
pub(crate) enum Copied<T> {
    /// The content was read. If nothing is wrong with it, all its rows are on their way; the COPY is there if any
    /// row is, together with what it was opened in.
    Done(Box<Outcome>, Option<(T, OpenCopy)>),
    Lost(crate::source::SourceError),
}

/// Why rows could not be copied.
pub(crate) enum Stopped {
    /// A row refers to something that is not there.
    ForeignKey,
    /// Something changed meanwhile; the reason is for the log.
    Again(&'static str),
    /// The batch's end is known.
    Verdict(Box<Verdict>),
    Load(LoadError),
}

/// Reads the content and copies its rows side by side, into what `opening` opens once there are any; the COPY is left
/// open for the caller's verdict.
pub(crate) async fn copy_while_reading<T>(
    load: &Load<'_>,
    pass: Pass,
    meter: &Arc<Meter>,
    opening: impl Future<Output = Result<(T, OpenCopy), Stopped>>,
) -> Result<Copied<T>, Stopped> {
    let (rows_to, rows) = mpsc::channel(PIECES);
    let reading = async {
        let mut read = read(load, pass, meter, Some(rows_to))
            .await
            .map_err(Stopped::Load)?;
        if let Read::Done(outcome) = &mut read
            && let Some(held) = outcome.rows.take()
            && !verdict::is_wrong(load, outcome)
        {
            held.finish().await.map_err(Stopped::Load)?;
        }
        Ok(read)
    };
    // The first error ends both: a dropped reading closes its feed, a dropped sink fails the COPY.
    let (read, copy) = tokio::try_join!(reading, send(opening, rows))?;
    Ok(match read {
        Read::Done(outcome) => Copied::Done(outcome, copy),
        Read::Lost(error) => Copied::Lost(error),
    })
}

async fn send<T>(
    opening: impl Future<Output = Result<(T, OpenCopy), Stopped>>,
    mut rows: mpsc::Receiver<Bytes>,
) -> Result<Option<(T, OpenCopy)>, Stopped> {
    let Some(mut piece) = rows.recv().await else {
        return Ok(None);
    };
    let (within, mut sink) = opening.await?;
    loop {
        sink.send(piece).await.map_err(stopped)?;
        match rows.recv().await {
            Some(next) => piece = next,
            None => return Ok(Some((within, sink))),
        }
    }
}

/// Opens a COPY within a transaction.
pub(crate) async fn open(transaction: &Transaction<'_>, sql: &str) -> Result<OpenCopy, Stopped> {
    let mut sink = Box::pin(transaction.copy_in(sql).await.map_err(stopped)?);
    let header = Bytes::from_static(copy::HEADER);
    sink.send(header).await.map_err(stopped)?;
    Ok(sink)
}

/// Ends the COPY and says how many rows the server took.
pub(crate) async fn finish(mut sink: OpenCopy) -> Result<u64, ledger::Error> {
    sink.send(Bytes::from_static(copy::TRAILER)).await?;
    Ok(sink.as_mut().finish().await?)
}

fn stopped(error: impl Into<ledger::Error>) -> Stopped {
    let error = error.into();
    if is_missing_reference(&error) {
        return Stopped::ForeignKey;
    }
    if let Some(verdict) = verdict::unplaced(&error) {
        return Stopped::Verdict(Box::new(verdict));
    }
    Stopped::Load(database(error))
}

impl From<LoadError> for Stopped {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

/// SQLSTATE `foreign_key_violation`.
pub(crate) fn is_missing_reference(error: &ledger::Error) -> bool {
    error.sqlstate() == Some("23503")
}
