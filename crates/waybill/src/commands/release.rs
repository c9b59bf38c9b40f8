//! `release`: packed and uploaded here, brought out by `rollout`.

use super::rollout;
use crate::cli::Release;
use crate::failure::{Exit, Outcome};
use crate::release::{self, Manifest, PREVIEWS, RELEASES};
use crate::terminal::{Terminal, grouped};

/// Runs one of them.
pub(crate) async fn run(command: Release, terminal: Terminal) -> Outcome {
    match command {
        Release::Build {
            release,
            functions,
            authorities,
            out,
        } => {
            let bar = terminal.spinner("packing");
            let manifest = release::build(&release, &functions, &authorities, &out)?;
            bar.finish_and_clear();
            terminal.either(&manifest, || page(&manifest))?;
        }
        Release::Upload {
            folder,
            bucket,
            preview,
        } => {
            let root = if preview { PREVIEWS } else { RELEASES };
            let bar = terminal.spinner("uploading");
            let client = platform::aws::s3(&platform::aws::config().await);
            let manifest = release::upload(&client, &folder, &bucket, root).await?;
            bar.finish_and_clear();
            terminal.either(&manifest, || page(&manifest))?;
            terminal.note(format!(
                "s3://{bucket}/{} is whole",
                manifest.key(root, release::MANIFEST)
            ));
        }
        Release::Start(start) => return rollout::start(&start, terminal).await,
        Release::Status { environment } => return rollout::status(&environment, terminal).await,
        Release::Watch {
            environment,
            execution,
        } => return rollout::watch(&environment, execution.as_deref(), terminal).await,
        Release::Rollback(rollback) => return rollout::rollback(&rollback, terminal).await,
        Release::Stop { environment } => return rollout::stop(&environment, terminal).await,
        Release::Recover { environment } => return rollout::recover(&environment, terminal).await,
        Release::List { environment, most } => {
            return rollout::list(&environment, most, terminal).await;
        }
    }
    Ok(Exit::Done)
}

fn page(manifest: &Manifest) -> String {
    let mut lines = vec![format!("release {}", manifest.release)];
    for (name, zip) in manifest.functions.iter().chain(&manifest.spark) {
        lines.push(format!(
            "{name:<10} {:>12} bytes  sha256 {}",
            grouped(zip.bytes),
            zip.sha256
        ));
    }
    lines.join("\n")
}
