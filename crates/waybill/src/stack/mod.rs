//! The stack on this machine, made of the very parts that run in AWS: `up` builds or updates it step by step, each
//! step finding what is there and changing only what differs, so that it can be broken off and run again at any time.
//! Names and sizes come from `platform::names`, settings from `platform::settings`.

mod clients;
mod functions;
mod http;
mod intake;
mod key;
mod parameters;
mod schema;
mod server;
pub(crate) mod tasks;

use std::collections::BTreeMap;
use std::path::PathBuf;

use local::postgres::Cluster;
use local::{LocalDir, Part, StackLock, StackState, emulator};
use platform::names::{Function, Names, Role};
use platform::settings::{Api, Common, Database, Provision, Release, Task, Tls};

pub(crate) use clients::{Clients, local_config};

use crate::failure::{Failure, OrFail as _, Outcome};
use crate::package;
use crate::terminal::Terminal;

/// The environment that a local stack is.
pub(crate) const ENVIRONMENT: &str = "local";

/// What `up` is told.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The emulator's port, if it is free.
    pub(crate) port: Option<u16>,
    /// PostgreSQL's port, if it is free.
    pub(crate) postgres_port: Option<u16>,
    /// The folder with the built functions.
    pub(crate) functions: Option<PathBuf>,
}

/// The names of the local environment.
pub(crate) fn names() -> Outcome<Names> {
    Names::new(ENVIRONMENT).or_failed("the local environment's names")
}

/// Starts or updates the stack; returns when a batch could be sent.
pub(crate) async fn up(dir: &LocalDir, plan: &Plan, terminal: Terminal) -> Outcome<StackState> {
    let _lock = lock(dir, terminal)?;
    let names = names()?;
    let built = match &plan.functions {
        Some(folder) => folder.clone(),
        None => folder_of_this_program()?,
    };
    // Before anything is started: contracts that make no sense, and what is not built, cannot run.
    contract::check().or_misuse("the contracts in datasets/ are wrong")?;
    let kept = dir.root().join("functions");
    let packages = names
        .functions()
        .map(|function| Ok((function, package::package(function, &built, &kept)?)))
        .collect::<Outcome<Vec<_>>>()?;
    let task = tasks::program(&built)?;
    let release = release(&packages, &task)?;
    let image = tasks::keep(&task, &kept, &release)?;

    let bar = terminal.spinner("starting PostgreSQL and the AWS emulator");
    let Started {
        mut state,
        cluster,
        server,
        clients,
    } = start(dir, plan, terminal).await?;
    state.bare = false;
    state.database = names.database();
    state.owner = names.login(Role::Owner);
    let known = Some(state.owner_password.as_str()).filter(|password| !password.is_empty());
    state.owner_password = parameters::ensure(&clients, &names, cluster.password(), known).await?;
    state.incoming_bucket = names.incoming_bucket();
    state.write(dir)?;

    bar.set_message("making queues and functions");
    let queues = intake::queues(&clients, &names).await?;
    let database = Database {
        host: "127.0.0.1".into(),
        port: server.port,
        name: names.database(),
        tls: Tls::Off,
        replica: None,
    };
    let common = Common::of(&names, &release, database);
    let mut published = BTreeMap::new();
    for (function, package) in &packages {
        let variables = match function {
            Function::Intake => tasks::intake(common.clone(), &names, &queues)?.variables(),
            Function::Api => Api::of(common.clone(), &names, &queues.loads.url).variables(),
            Function::Migrate => common.variables(),
            Function::Provision => {
                Provision::of(common.clone(), &names, local::postgres::SUPERUSER).variables()
            }
            Function::Release => Release::of(&names).variables(),
            // It has no server to stop here.
            Function::Janitor => continue,
        };
        let settings = names.function_settings(*function);
        bar.set_message(format!("function {}", settings.name));
        let wanted = functions::Wanted {
            settings: &settings,
            variables,
            package,
        };
        published.insert(*function, functions::publish(&clients, &wanted).await?);
    }

    // The order of a release: the new version migrates, and only then do the aliases move.
    bar.set_message("making and migrating the database");
    if let Some(provision) = published.get(&Function::Provision) {
        schema::provision(&clients, &names, &provision.version).await?;
    }
    if let Some(migrate) = published.get(&Function::Migrate) {
        schema::migrate(&clients, &names, &migrate.version).await?;
    }
    let mut aliases = BTreeMap::new();
    for (function, version) in &published {
        aliases.insert(
            *function,
            functions::go_live(&clients, &names.function(*function), version).await?,
        );
    }

    bar.set_message("making the task lane");
    let scratch = dir.root().join("scratch");
    std::fs::create_dir_all(&scratch).or_failed(format!("making {}", scratch.display()))?;
    let task = Task::of(common.clone(), scratch);
    tasks::definitions(&clients, &names, &image, &task).await?;
    tasks::start(dir, &mut state)?;
    state.write(dir)?;

    bar.set_message("making the bucket and the HTTP API");
    intake::mappings(&clients, &names, &queues).await?;
    intake::bucket(&clients, &names, &queues.arrivals).await?;
    let api = aliases
        .get(&Function::Api)
        .ok_or_else(|| Failure::failed("the api function was not made"))?;
    state.api = http::ensure(&clients, &names, api).await?;
    let address = state.database_url().unwrap_or_default();
    state.api_key = key::ensure(&address, &state.api_key).await?;
    state.ready = true;
    state.write(dir)?;

    bar.set_message("waiting for the API");
    wait_for_api(&state).await?;
    bar.finish_and_clear();
    for (function, version) in published.iter().filter(|(_, version)| !version.live) {
        terminal.note(format!(
            "function {} is now version {}",
            function.as_str(),
            version.version
        ));
    }
    Ok(state)
}

/// Starts PostgreSQL and the emulator, with what Terraform itself needs there: buckets for its state and for releases,
/// and the database administrator's password.
pub(crate) async fn up_bare(
    dir: &LocalDir,
    plan: &Plan,
    terminal: Terminal,
) -> Outcome<StackState> {
    let _lock = lock(dir, terminal)?;
    let names = names()?;
    let bar = terminal.spinner("starting PostgreSQL and the AWS emulator");
    let Started {
        mut state,
        cluster,
        clients,
        ..
    } = start(dir, plan, terminal).await?;
    parameters::ensure_admin(&clients, &names, cluster.password()).await?;
    let state_bucket = format!("{}-state", names.prefix());
    for bucket in [state_bucket, names.artifact_bucket()] {
        intake::make_bucket(&clients, &bucket).await?;
    }
    state.bare = true;
    state.ready = false;
    state.write(dir)?;
    bar.finish_and_clear();
    Ok(state)
}

/// The programs that everything else needs.
struct Started {
    state: StackState,
    cluster: Cluster,
    server: Part,
    clients: Clients,
}

async fn start(dir: &LocalDir, plan: &Plan, terminal: Terminal) -> Outcome<Started> {
    let mut state = StackState::read(dir)?;
    let before = (state.postgres.clone(), state.emulator.clone());
    let cluster = server::start(dir, plan.postgres_port, &mut state)?;
    start_emulator(dir, plan, &mut state)?;
    // A stack that runs stays usable while it is updated, and if that fails.
    state.ready &= before == (state.postgres.clone(), state.emulator.clone());
    state.write(dir)?;
    let (Some(server), Some(cloud)) = (state.postgres.clone(), state.emulator.clone()) else {
        return Err(Failure::failed("the stack's programs were not started"));
    };
    for (what, wanted, is) in [
        ("the AWS emulator", plan.port, cloud.port),
        ("PostgreSQL", plan.postgres_port, server.port),
    ] {
        if wanted.is_some_and(|wanted| wanted != is) {
            terminal.note(format!(
                "{what} is on port {is}: one that runs is not moved, and a port that is taken is not used"
            ));
        }
    }
    let clients = Clients::local(cloud.port).await;
    Ok(Started {
        state,
        cluster,
        server,
        clients,
    })
}

/// Stops everything that belongs to the stack; removes its data too where `purge` says so. Returns how many
/// processes it ended.
pub(crate) fn down(dir: &LocalDir, purge: bool, terminal: Terminal) -> Outcome<usize> {
    let _lock = lock(dir, terminal)?;
    let mut state = StackState::read(dir)?;
    let bar = terminal.spinner("stopping the AWS emulator");
    // Loaders first, so that their transactions end before the server does.
    let mut stopped = emulator::stop(dir, state.emulator.as_ref())?;
    bar.set_message("stopping PostgreSQL");
    stopped += usize::from(server::stop(dir, state.postgres.as_ref(), purge)?);
    bar.finish_and_clear();
    state.ready = false;
    state.bare = false;
    if purge {
        for path in [
            dir.emulator(),
            dir.logs(),
            dir.root().join("functions"),
            dir.root().join("scratch"),
        ] {
            remove(&path)?;
        }
        remove(&dir.state_file())?;
    } else if dir.state_file().exists() {
        // The ports are kept, so that addresses stay the same over a `down` and an `up`.
        state.write(dir)?;
    }
    Ok(stopped)
}

fn remove(path: &std::path::Path) -> Outcome<()> {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).or_failed(format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn lock(dir: &LocalDir, terminal: Terminal) -> Outcome<StackLock> {
    Ok(StackLock::acquire(dir, || {
        terminal.note("waiting for another `waybill local` to finish");
    })?)
}

fn start_emulator(dir: &LocalDir, plan: &Plan, state: &mut StackState) -> Outcome<()> {
    if let Some(part) = state.emulator.as_ref().filter(|part| part.is_alive()) {
        if emulator::health(part.port).is_ok_and(|status| status == 200) {
            return Ok(());
        }
        part.process
            .stop("the AWS emulator", std::time::Duration::from_secs(5))?;
    }
    let earlier = state.emulator.as_ref().map(|part| part.port);
    // Functions of an emulator that died are still there and would go on loading.
    emulator::stop(dir, None)?;
    let port = plan.port.or(earlier).unwrap_or(emulator::PREFERRED_PORT);
    state.emulator = Some(emulator::start(dir, port)?);
    Ok(state.write(dir)?)
}

/// Built functions lie beside this program.
fn folder_of_this_program() -> Outcome<PathBuf> {
    let program = std::env::current_exe().or_failed("finding this program's folder")?;
    program
        .parent()
        .map(std::path::Path::to_path_buf)
        .ok_or_else(|| Failure::failed("this program lies in no folder"))
}

/// A release is all programs together, so its name is made of all their bytes.
fn release(packages: &[(Function, package::Package)], task: &std::path::Path) -> Outcome<String> {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    for (_, package) in packages {
        hasher.update(package.binary);
    }
    hasher.update(std::fs::read(task).or_failed(format!("reading {}", task.display()))?);
    let digest = hasher.finalize();
    let short = ledger::hex(&digest[..6]);
    Ok(format!("local-{short}"))
}

async fn wait_for_api(state: &StackState) -> Outcome<()> {
    use std::time::{Duration, Instant};
    let Some(url) = state.url() else {
        return Err(Failure::failed("the API has no address"));
    };
    let client = crate::client::Client::new(&url, None)?;
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        match client.health().await {
            Ok(()) => return Ok(()),
            Err(failure) if Instant::now() >= end => {
                return Err(Failure::unreachable(format!(
                    "the API at {url} does not become ready"
                ))
                .because(failure));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
