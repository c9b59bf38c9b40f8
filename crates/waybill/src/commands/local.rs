//! `local`: the stack on this machine. What each step does is in `crate::stack`.

use local::{LocalDir, StackState, emulator};
use serde_json::json;

use crate::cli::Local;
use crate::failure::{Exit, Failure, Outcome};
use crate::stack;
use crate::target;
use crate::terminal::{Terminal, table};

/// Runs one of them.
pub(crate) async fn run(command: Local, terminal: Terminal) -> Outcome {
    match command {
        Local::Up {
            port,
            postgres_port,
            bare,
            functions,
        } => {
            let dir = LocalDir::find()?;
            let plan = stack::Plan {
                port,
                postgres_port,
                functions,
            };
            if bare {
                let state = stack::up_bare(&dir, &plan, terminal).await?;
                terminal.either(&parts(&state), || {
                    format!(
                        "ready for Terraform: {}",
                        state.endpoint().unwrap_or_default()
                    )
                })?;
                return Ok(Exit::Done);
            }
            let state = stack::up(&dir, &plan, terminal).await?;
            terminal.either(&parts(&state), || {
                format!("ready: {}", state.url().unwrap_or_default())
            })?;
            Ok(Exit::Done)
        }
        Local::Down { purge } => {
            let stopped = stack::down(&LocalDir::find()?, purge, terminal)?;
            terminal.either(&json!({"stopped": stopped, "purged": purge}), || {
                match (stopped, purge) {
                    (0, false) => "nothing was running".to_owned(),
                    (_, false) => {
                        "stopped; what was loaded is kept (`--purge` removes it)".to_owned()
                    }
                    (_, true) => "stopped, and all its data removed".to_owned(),
                }
            })?;
            Ok(Exit::Done)
        }
        Local::Status => status(&LocalDir::find()?, terminal).await,
        Local::Tasks => {
            stack::tasks::run(&LocalDir::find()?, terminal).await?;
            Ok(Exit::Done)
        }
        Local::Env => env(&LocalDir::find()?, terminal),
        Local::Names { environment } => {
            let names = target::names(&environment)?;
            let stack = names.stack();
            terminal.either(&stack, || {
                serde_json::to_string_pretty(&stack).unwrap_or_default()
            })?;
            Ok(Exit::Done)
        }
    }
}

fn parts(state: &StackState) -> serde_json::Value {
    let running = |part: &Option<local::Part>| {
        part.as_ref().map(
            |part| json!({"pid": part.process.pid, "port": part.port, "running": part.is_alive()}),
        )
    };
    json!({
        "ready": state.ready,
        "url": state.url(),
        "incoming_bucket": state.incoming_bucket,
        "database": state.database,
        "emulator": running(&state.emulator),
        "postgres": running(&state.postgres),
        "tasks": state.tasks.as_ref().map(|tasks| json!({"pid": tasks.pid, "running": tasks.is_alive()})),
    })
}

async fn status(dir: &LocalDir, terminal: Terminal) -> Outcome {
    let state = StackState::read(dir)?;
    let api = match state.url() {
        Some(url) if state.ready => crate::client::Client::new(&url, None)?.health().await,
        _ => Err(Failure::unreachable("it is not there")),
    };
    let mut document = parts(&state);
    document["api"] = json!({"well": api.is_ok()});
    document["folder"] = json!(dir.root());
    let part = |name: &str, part: Option<&local::Part>| {
        let (state, place) = match part {
            Some(part) if part.is_alive() => (
                "running",
                format!("127.0.0.1:{}, process {}", part.port, part.process.pid),
            ),
            _ => ("stopped", String::new()),
        };
        vec![name.to_owned(), state.to_owned(), place]
    };
    let answer = if api.is_ok() { "well" } else { "away" };
    let rows = vec![
        part("PostgreSQL", state.postgres.as_ref()),
        part("AWS emulator", state.emulator.as_ref()),
        vec![
            "task lane".to_owned(),
            if state.tasks.as_ref().is_some_and(local::Process::is_alive) {
                "running"
            } else {
                "stopped"
            }
            .to_owned(),
            state
                .tasks
                .as_ref()
                .filter(|tasks| tasks.is_alive())
                .map_or_else(String::new, |tasks| format!("process {}", tasks.pid)),
        ],
        vec![
            "API".to_owned(),
            answer.to_owned(),
            state.url().filter(|_| state.ready).unwrap_or_default(),
        ],
    ];
    terminal.either(&document, || table(&["PART", "STATE", "WHERE"], &rows))?;
    if let Err(failure) = &api
        && state.ready
    {
        terminal.note(format!("the API: {failure}"));
    }
    Ok(if api.is_ok() {
        Exit::Done
    } else {
        Exit::Unreachable
    })
}

fn env(dir: &LocalDir, terminal: Terminal) -> Outcome {
    let state = StackState::read(dir)?;
    let (Some(endpoint), Some(postgres), true) = (
        state.endpoint(),
        state.postgres.as_ref(),
        state.ready || state.bare,
    ) else {
        return Err(Failure::unreachable("the local stack is not up")
            .advice("start it with `waybill local up`"));
    };
    let own = if state.bare {
        vec![("WAYBILL_POSTGRES_PORT", postgres.port.to_string())]
    } else {
        vec![
            ("WAYBILL_URL", state.url().unwrap_or_default()),
            ("WAYBILL_API_KEY", state.api_key.clone()),
            ("WAYBILL_INCOMING_BUCKET", state.incoming_bucket.clone()),
            ("DATABASE_URL", state.database_url().unwrap_or_default()),
        ]
    };
    let emulated = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", emulator::ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", emulator::SECRET_ACCESS_KEY),
        ("AWS_REGION", emulator::REGION),
        ("AWS_DEFAULT_REGION", emulator::REGION),
    ];
    let variables: Vec<(&str, &str)> = own
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain(emulated)
        .collect();
    if terminal.json {
        let document: serde_json::Map<String, serde_json::Value> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        terminal.value(&document)?;
    } else {
        let lines: Vec<String> = variables
            .iter()
            .map(|(name, value)| format!("export {name}={}", quoted(value)))
            .collect();
        terminal.data(&lines.join("\n"))?;
    }
    Ok(Exit::Done)
}

/// A value as one word of a POSIX shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_quote_stays_one_word() {
        assert_eq!(quoted("plain"), "'plain'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
