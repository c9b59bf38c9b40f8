//! The files of a batch, opened: the one object, or what its manifest lists.

use std::time::Duration;

use contract::Contract;
use ledger::{Held, ObjectName, Problem};
use loader::{File, Manifest, ManifestProblem, ObjectKey, Source, SourceErrorKind};
use tokio::time::timeout;

use crate::loading::Open;
use crate::problems;

/// What a batch is read from.
pub(crate) struct Delivery {
    files: Vec<Opened>,
}

struct Opened {
    name: Option<String>,
    key: ObjectKey,
    source: Box<dyn Source>,
    rows: Option<u64>,
    sha256: Option<[u8; 32]>,
}

/// Why there is nothing to read.
pub(crate) enum Unread {
    /// The sender must act.
    Rejected(Problem),
    /// It may be read on another try, or once an operator has looked.
    Interrupted(Problem),
}

impl Delivery {
    /// The one object.
    pub(crate) fn object(open: &Open, held: &Held, key: ObjectKey) -> Self {
        Self {
            files: vec![Opened {
                name: None,
                key,
                source: open(&held.source, held.etag.as_deref()),
                rows: None,
                sha256: None,
            }],
        }
    }

    /// What the manifest lists, if it can be read within `patience`: nobody beats for the batch meanwhile.
    pub(crate) async fn manifest(
        open: &Open,
        held: &Held,
        contract: &Contract,
        patience: Duration,
    ) -> Result<Self, Unread> {
        let source = open(&held.source, held.etag.as_deref());
        let manifest = timeout(patience, Manifest::read(&*source, &held.source.key))
            .await
            .map_err(|_| {
                let what = "the manifest could not be read in time";
                Unread::Interrupted(problems::interrupted(what))
            })?
            .map_err(|problem| unread(&problem))?;
        let mut files = Vec::with_capacity(manifest.files.len());
        for listed in manifest.files {
            let format = listed.what.format;
            if !contract.accepts(format) {
                let problem = problems::format(&contract.name, format);
                return Err(Unread::Rejected(problem));
            }
            let object = ObjectName {
                bucket: held.source.bucket.clone(),
                key: listed.key,
                version: listed.version,
            };
            files.push(Opened {
                name: Some(listed.name),
                key: listed.what,
                source: open(&object, None),
                rows: listed.rows,
                sha256: listed.sha256,
            });
        }
        Ok(Self { files })
    }

    /// As the loader takes them.
    pub(crate) fn files(&self) -> Vec<File<'_>> {
        self.files
            .iter()
            .map(|opened| File {
                name: opened.name.as_deref(),
                format: opened.key.format,
                compression: opened.key.compression,
                source: &*opened.source,
                rows: opened.rows,
                sha256: opened.sha256,
            })
            .collect()
    }
}

fn unread(problem: &ManifestProblem) -> Unread {
    match problem {
        ManifestProblem::Wrong(why) => Unread::Rejected(problems::manifest(why)),
        ManifestProblem::Source(error) => match error.kind {
            SourceErrorKind::Gone | SourceErrorKind::Changed => {
                Unread::Rejected(problems::manifest(&format!("{error}; deliver it again")))
            }
            SourceErrorKind::Unreachable => {
                Unread::Interrupted(problems::interrupted(&error.to_string()))
            }
            SourceErrorKind::Denied => {
                tracing::error!(
                    error = ledger::chain(error),
                    "the manifest could not be read"
                );
                Unread::Interrupted(problems::internal("the manifest could not be read"))
            }
        },
    }
}
