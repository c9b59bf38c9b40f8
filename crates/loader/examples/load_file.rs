//! Loads one file as a batch and prints what it took: the program that `scripts/bench load` times
//! against `psql \copy`, pipeline and ledger entry included.
//!
//! `load_file DATASET FILE` with `DATABASE_URL` naming a role that may load. `WAYBILL_SCRATCH_BYTES` bounds the disk
//! that it sorts on, 0 for none.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use ledger::{BatchId, Claim, DatabaseConfig, NewBatch, ObjectName, Options, Timeouts};
use loader::{Load, LoadSettings, Opened, Source, SourceError, SourceErrorKind};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

struct FileSource(PathBuf);

impl Source for FileSource {
    fn open(&self, offset: u64) -> BoxFuture<'_, Result<Opened, SourceError>> {
        Box::pin(async move {
            let gone = |e: std::io::Error| SourceError::new(SourceErrorKind::Gone, e.to_string());
            let mut file = tokio::fs::File::open(&self.0).await.map_err(gone)?;
            let metadata = file.metadata().await.map_err(gone)?;
            let bytes = metadata.is_file().then_some(metadata.len());
            // A pipe, which is at its beginning, cannot be told to go there.
            if offset > 0 {
                file.seek(std::io::SeekFrom::Start(offset))
                    .await
                    .map_err(gone)?;
            }
            let stream = stream::unfold(file, move |mut file| async move {
                let mut piece = vec![0; 256 << 10];
                match file.read(&mut piece).await {
                    Ok(0) => None,
                    Ok(read) => {
                        piece.truncate(read);
                        Some((Ok(Bytes::from(piece)), file))
                    }
                    Err(error) => Some((Err(gone(error)), file)),
                }
            });
            Ok(Opened {
                stream: stream.boxed(),
                bytes,
                etag: None,
            })
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let mut arguments = std::env::args().skip(1);
    let (Some(dataset), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: load_file DATASET FILE, with DATABASE_URL set".into());
    };
    let url = std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    let contract = contract::find(&dataset).ok_or("no such dataset")?;
    let name = ObjectName {
        bucket: "file".into(),
        key: format!("{dataset}/{file}"),
        version: None,
    };
    let key = loader::parse_key(&name.key)?;
    let config = DatabaseConfig::from_url(&url)?;
    let mut ledger = ledger::connect(&config).await?;
    let mut database = ledger::connect(&config.with_timeouts(Timeouts::LOAD)).await?;

    let id = BatchId::fresh();
    let batch = NewBatch {
        id,
        dataset: &dataset,
        source: name,
        object_bytes: None,
        etag: None,
        submitted_by: "load_file",
        options: Options {
            force: true,
            ..Options::default()
        },
    };
    ledger::receive(&ledger, &batch).await?;
    let mut settings = LoadSettings::default();
    if let Ok(bytes) = std::env::var("WAYBILL_SCRATCH_BYTES") {
        settings.scratch.bytes = bytes.parse().map_err(|_| {
            format!("WAYBILL_SCRATCH_BYTES is {bytes}, which is no number of bytes")
        })?;
    }
    let Claim::Held(held) = ledger::claim(&mut ledger, id, settings.lease, "bench").await? else {
        return Err("the batch could not be claimed".into());
    };
    let source = FileSource(file.into());
    let load = Load {
        contract,
        files: &[loader::File::only(key.format, key.compression, &source)],
        held: &held,
        settings: &settings,
    };
    let loaded = loader::load(load, &mut ledger, &mut database).await?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak_kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    writeln!(
        std::io::stdout(),
        "{{\"state\":\"{}\",\"rows\":{},\"rejected\":{},\"bytes\":{},\"seconds\":{:.3},\"peak_kib\":{peak_kib}}}",
        loaded.state,
        loaded.rows,
        loaded.rejected,
        loaded.bytes,
        started.elapsed().as_secs_f64(),
    )?;
    Ok(())
}
