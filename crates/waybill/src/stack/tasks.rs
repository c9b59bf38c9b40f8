//! The task lane on this machine. The emulator takes jobs and only pretends to run them, so a process of ours runs in
//! its place: for each job the program that would be the image, with the job's very arguments and the environment of its
//! definition, tried again as the definition says.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_batch::types::{
    ContainerProperties, JobDefinitionType, JobSummary, KeyValuePair, ResourceRequirement,
    ResourceType,
};
use local::{LocalDir, Process, StackState, emulator, process};
use platform::jobs::{BATCH_PARAMETER, Work};
use platform::names::Names;
use platform::settings::{Bulk, Common, Intake, Task, keys};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::clients::Clients;
use super::intake::Queues;
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::terminal::Terminal;

/// The container's program.
const PROGRAM: &str = "waybill-task";
/// Jobs at once: as many as a small environment has.
const AT_ONCE: usize = 2;
/// Attempts of a job, as in `iac/modules/bulk`.
const ATTEMPTS: u32 = 3;
/// The status by which the program asks for another attempt.
const AGAIN: i32 = 75;
/// How often the emulator is asked for new jobs.
const LOOK: Duration = Duration::from_millis(500);

/// What the intake function is told. Less may be left to it, to see the task lane at work.
pub(crate) fn intake(common: Common, names: &Names, queues: &Queues) -> Outcome<Intake> {
    let mut intake = Intake::of(common, names, &queues.arrivals.url, &queues.loads.url);
    intake.bulk = Some(Bulk::of(names));
    for (key, limit) in [
        (keys::FUNCTION_LANE_BYTES, &mut intake.lane_bytes),
        (keys::FUNCTION_UNDO_ROWS, &mut intake.undo_rows),
    ] {
        if let Some(asked) = std::env::var(key).ok().filter(|asked| !asked.is_empty()) {
            *limit = asked.parse().or_misuse(format!("{key} must be a number"))?;
        }
    }
    Ok(intake)
}

/// The program in a folder of built functions.
pub(crate) fn program(built: &Path) -> Outcome<PathBuf> {
    let program = built.join(PROGRAM);
    if program.is_file() {
        return Ok(program);
    }
    Err(
        Failure::misuse(format!("{} is not built", program.display()))
            .advice("build the whole workspace: cargo build --workspace"),
    )
}

/// Keeps a copy of the program under the release's name: a job ends with the image it began with.
pub(crate) fn keep(program: &Path, kept: &Path, release: &str) -> Outcome<PathBuf> {
    let copy = kept.join(format!("{PROGRAM}-{release}"));
    if !copy.exists() {
        std::fs::create_dir_all(kept).or_failed("making the folder of programs")?;
        std::fs::copy(program, &copy).or_failed(format!("copying {}", program.display()))?;
    }
    Ok(copy)
}

/// Makes queues and job definitions, each with the image and the settings of this release.
pub(crate) async fn definitions(
    clients: &Clients,
    names: &Names,
    image: &Path,
    task: &Task,
) -> Outcome<()> {
    let release = &task.common.release;
    let bulk = Bulk::of(names);
    let known = clients
        .batch
        .describe_job_queues()
        .send()
        .await
        .or_failed("looking up job queues")?
        .job_queues
        .unwrap_or_default();
    for (priority, class) in [(1, &bulk.small), (1, &bulk.large), (10, &bulk.urgent)] {
        if !known
            .iter()
            .any(|queue| queue.job_queue_name.as_deref() == Some(&class.queue))
        {
            clients
                .batch
                .create_job_queue()
                .job_queue_name(&class.queue)
                .priority(priority)
                .send()
                .await
                .or_failed(format!("making job queue {}", class.queue))?;
        }
        let definition = class.definition_of(release);
        clients
            .batch
            .register_job_definition()
            .job_definition_name(&definition)
            .r#type(JobDefinitionType::Container)
            .container_properties(container(image, &task.variables()))
            .send()
            .await
            .or_failed(format!("registering job definition {definition}"))?;
    }
    Ok(())
}

fn container(image: &Path, variables: &BTreeMap<String, String>) -> ContainerProperties {
    let need = |kind, value: &str| {
        ResourceRequirement::builder()
            .r#type(kind)
            .value(value)
            .build()
    };
    let mut container = ContainerProperties::builder()
        .image(image.display().to_string())
        .set_command(Some(
            Work::Load.arguments(&format!("Ref::{BATCH_PARAMETER}")),
        ))
        .resource_requirements(need(ResourceType::Vcpu, "1"))
        .resource_requirements(need(ResourceType::Memory, "2048"));
    for (name, value) in variables {
        container = container.environment(KeyValuePair::builder().name(name).value(value).build());
    }
    container.build()
}

/// Starts the process that runs jobs, unless it runs. It goes with the emulator, and what a job is, it asks there.
pub(crate) fn start(dir: &LocalDir, state: &mut StackState) -> Outcome<()> {
    if state.tasks.as_ref().is_some_and(Process::is_alive) {
        return Ok(());
    }
    let program = std::env::current_exe().or_failed("finding this program")?;
    let log = dir.logs().join("tasks.log");
    let file = std::fs::File::create(&log).or_failed(format!("making {}", log.display()))?;
    let errors = file.try_clone().or_failed("opening the log again")?;
    let mut command = std::process::Command::new(program);
    command
        .args(["local", "tasks"])
        .env("WAYBILL_LOCAL_DIR", dir.root())
        .env(emulator::MARKER, dir.root())
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(errors);
    let (_child, process) = process::spawn_detached(&mut command, "the task lane")?;
    state.tasks = Some(process);
    Ok(())
}

/// Runs jobs until it is ended.
pub(crate) async fn run(dir: &LocalDir, terminal: Terminal) -> Outcome<()> {
    let state = StackState::read(dir)?;
    let port = state
        .emulator
        .as_ref()
        .map(|part| part.port)
        .ok_or_else(|| Failure::unreachable("the local stack is not up"))?;
    let clients = Clients::local(port).await;
    let names = super::names()?;
    let bulk = Bulk::of(&names);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut seen = HashSet::new();
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        for class in bulk.classes() {
            for job in listed(&clients, &class.queue).await {
                let work = job.job_name.as_deref().and_then(Work::of_job);
                let (Some(id), Some((work, batch))) = (job.job_id, work) else {
                    continue;
                };
                if !seen.insert(id.clone()) {
                    continue;
                }
                let container = definition(&clients, &id).await?;
                // Parameters and commands of jobs are nothing that the emulator keeps. A job's name says as much.
                let arguments = work.arguments(&batch.to_string());
                let room = Arc::clone(&room);
                tokio::spawn(async move {
                    // The semaphore is never closed.
                    let _place = room.acquire().await;
                    for attempt in 1..=ATTEMPTS {
                        let word = work.word();
                        terminal.note(format!("job {id}: {word} batch {batch}, attempt {attempt}"));
                        match once(&container, &arguments, port, &id, attempt).await {
                            Ok(true) => return,
                            Ok(false) => {}
                            Err(failure) => return terminal.note(format!("job {id}: {failure}")),
                        }
                    }
                });
            }
        }
    }
}

/// The jobs of a queue; none while the emulator does not answer.
async fn listed(clients: &Clients, queue: &str) -> Vec<JobSummary> {
    let listed = clients.batch.list_jobs().job_queue(queue).send().await;
    listed
        .ok()
        .and_then(|listed| listed.job_summary_list)
        .unwrap_or_default()
}

/// What a job was submitted as.
async fn definition(clients: &Clients, job: &str) -> Outcome<ContainerProperties> {
    let what = || format!("looking up the definition of job {job}");
    let name = clients
        .batch
        .describe_jobs()
        .jobs(job)
        .send()
        .await
        .or_failed(what())?
        .jobs
        .unwrap_or_default()
        .into_iter()
        .next()
        .and_then(|job| job.job_definition)
        .ok_or_else(|| Failure::failed(format!("{}: the answer names none", what())))?;
    clients
        .batch
        .describe_job_definitions()
        .job_definition_name(&name)
        .send()
        .await
        .or_failed(what())?
        .job_definitions
        .unwrap_or_default()
        .into_iter()
        .max_by_key(|definition| definition.revision)
        .and_then(|definition| definition.container_properties)
        .ok_or_else(|| Failure::failed(format!("there is no job definition {name}")))
}

/// One attempt; `false`: another one may do, as after the container of a machine that is taken away.
async fn once(
    container: &ContainerProperties,
    arguments: &[String],
    port: u16,
    job: &str,
    attempt: u32,
) -> Outcome<bool> {
    let image = container.image.as_deref().unwrap_or_default();
    let mut command = Command::new(image);
    command.args(arguments).env_clear();
    if let Some(folder) = std::env::var_os(emulator::MARKER) {
        command.env(emulator::MARKER, folder);
    }
    for pair in container.environment() {
        command.env(
            pair.name.as_deref().unwrap_or_default(),
            pair.value.as_deref().unwrap_or_default(),
        );
    }
    let status = command
        .env("AWS_BATCH_JOB_ID", job)
        .env("AWS_BATCH_JOB_ATTEMPT", attempt.to_string())
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_REGION", emulator::REGION)
        .env("AWS_ACCESS_KEY_ID", emulator::ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", emulator::SECRET_ACCESS_KEY)
        .status()
        .await
        .or_failed(format!("running {image}"))?;
    // Without a status it was killed, which a container's engine tells as 137.
    Ok(!matches!(status.code(), Some(AGAIN) | None))
}
