//! `doctor`: looks at each thing that Waybill needs on this machine, and says what to do about what is missing.

use std::env;

use ledger::{DatabaseConfig, connect};
use local::{LocalDir, StackState, emulator, postgres};
use platform::names::{Function, Scale};
use serde::Serialize;

use crate::cli::Common;
use crate::failure::{Exit, Outcome};
use crate::target;
use crate::terminal::{Terminal, table};

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    good: bool,
    found: String,
    advice: Option<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            good: true,
            found: found.into(),
            advice: None,
        }
    }

    fn bad(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what,
            good: false,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }
}

/// Looks at everything.
pub(crate) async fn run(common: &Common, terminal: Terminal) -> Outcome {
    let mut findings = Vec::new();
    match LocalDir::find() {
        Ok(dir) => {
            findings.push(folder(&dir));
            findings.push(server(&dir));
            findings.push(cloud(&dir));
            findings.push(functions());
            findings.push(stack(&dir));
        }
        Err(error) => findings.push(Finding::bad(
            "folder",
            error.to_string(),
            "only the local stack needs it; against an environment in AWS go on without",
        )),
    }
    findings.push(api(common).await);
    findings.push(database().await);
    if terminal.json {
        for finding in &findings {
            terminal.value(finding)?;
        }
    } else {
        let rows: Vec<Vec<String>> = findings
            .iter()
            .map(|finding| {
                let mark = if finding.good { "ok" } else { "MISSING" };
                vec![
                    finding.what.to_owned(),
                    mark.to_owned(),
                    finding.found.clone(),
                ]
            })
            .collect();
        terminal.data(&table(&["WHAT", "", "FOUND"], &rows))?;
        for finding in &findings {
            if let Some(advice) = &finding.advice {
                terminal.note(format!("{}: {advice}", finding.what));
            }
        }
    }
    Ok(if findings.iter().all(|finding| finding.good) {
        Exit::Done
    } else {
        Exit::Unreachable
    })
}

fn folder(dir: &LocalDir) -> Finding {
    let probe = dir.root().join(".writable");
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => Finding::good("folder", dir.root().display().to_string()),
        Err(error) => Finding::bad(
            "folder",
            format!("{}: {error}", dir.root().display()),
            "make it writable, or name another one with WAYBILL_LOCAL_DIR",
        ),
    }
}

fn server(dir: &LocalDir) -> Finding {
    match postgres::Binaries::find(&dir.python_environments()) {
        Ok(binaries) => Finding::good(
            "PostgreSQL",
            format!(
                "version {} in {}",
                binaries.major(),
                binaries.folder().display()
            ),
        ),
        Err(error) => Finding::bad(
            "PostgreSQL",
            error.to_string(),
            "install PostgreSQL 15 or newer, or run scripts/lib/tools, or name a folder with WAYBILL_POSTGRES_BIN",
        ),
    }
}

fn cloud(dir: &LocalDir) -> Finding {
    match emulator::find(dir) {
        Ok(program) => Finding::good("AWS emulator", program.display().to_string()),
        Err(error) => Finding::bad(
            "AWS emulator",
            error.to_string(),
            "run scripts/lib/tools, which installs it",
        ),
    }
}

fn functions() -> Finding {
    let folder = env::current_exe()
        .ok()
        .and_then(|program| program.parent().map(std::path::Path::to_path_buf));
    let folder = env::var_os("WAYBILL_FUNCTIONS")
        .map(Into::into)
        .or(folder)
        .unwrap_or_default();
    let missing: Vec<&str> = platform::names::Function::ALL
        .into_iter()
        .filter(|function| function.runs_at(Scale::Local))
        .map(Function::as_str)
        .filter(|name| !folder.join(name).is_file())
        .collect();
    if missing.is_empty() {
        Finding::good("functions", folder.display().to_string())
    } else {
        Finding::bad(
            "functions",
            format!("{} not in {}", missing.join(", "), folder.display()),
            "run scripts/waybill, which builds them, or name their folder with WAYBILL_FUNCTIONS",
        )
    }
}

fn stack(dir: &LocalDir) -> Finding {
    const WHAT: &str = "local stack";
    match StackState::read(dir) {
        Ok(state) if state.ready => {
            let stopped: Vec<&str> = [
                ("PostgreSQL", &state.postgres),
                ("the AWS emulator", &state.emulator),
            ]
            .into_iter()
            .filter(|(_, part)| !part.as_ref().is_some_and(local::Part::is_alive))
            .map(|(name, _)| name)
            .collect();
            if stopped.is_empty() {
                Finding::good(WHAT, state.url().unwrap_or_default())
            } else {
                Finding::bad(
                    WHAT,
                    format!("not running: {}", stopped.join(", ")),
                    "`waybill local up` starts it",
                )
            }
        }
        Ok(_) => Finding::bad(WHAT, "not up", "`waybill local up` starts it"),
        Err(error) => Finding::bad(
            WHAT,
            error.to_string(),
            "`waybill local down --purge`, then `waybill local up`",
        ),
    }
}

async fn api(common: &Common) -> Finding {
    let client = match target::api(common) {
        Ok(client) => client,
        Err(failure) => {
            return Finding::bad(
                "API",
                failure.to_string(),
                failure.hint().unwrap_or_default(),
            );
        }
    };
    match client.health().await {
        Ok(()) => Finding::good("API", client.base()),
        Err(failure) => Finding::bad(
            "API",
            failure.to_string(),
            failure
                .hint()
                .unwrap_or("is WAYBILL_URL right, and is the stack up?"),
        ),
    }
}

async fn database() -> Finding {
    let given = crate::cli::Owned {
        database_url: env::var("DATABASE_URL").ok(),
        environment: None,
    };
    let Ok(url) = target::database_url(&given) else {
        return Finding::good("database", "none named; only `migrate` and `keys` need one");
    };
    let version = async {
        let session = connect(&DatabaseConfig::from_url(&url)?).await?;
        let row = session
            .query_one("SELECT current_setting('server_version')", &[])
            .await?;
        Ok::<String, ledger::Error>(row.get(0))
    };
    match version.await {
        Ok(version) => Finding::good("database", format!("PostgreSQL {version}")),
        Err(error) => Finding::bad(
            "database",
            ledger::chain(&error),
            if given.database_url.is_none_or(|url| url.is_empty()) {
                "`waybill local up` starts it"
            } else {
                "is DATABASE_URL right, and does the server run? `waybill local up` starts a local one"
            },
        ),
    }
}
