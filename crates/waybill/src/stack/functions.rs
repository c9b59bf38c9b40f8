//! Functions in the emulator: created, brought up to date when their bytes or settings changed, published as a
//! version, and given the alias that everything else names.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::time::{Duration, Instant};

use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, Environment, FunctionCode, LastUpdateStatus, Runtime, State,
};
use platform::names::{ALIAS, FunctionSettings, HANDLER, RUNTIME};

use super::clients::Clients;
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::package::Package;

const PATIENCE: Duration = Duration::from_secs(60);

/// What a function shall be.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// Name and sizes.
    pub(crate) settings: &'a FunctionSettings,
    /// Its environment.
    pub(crate) variables: BTreeMap<String, String>,
    /// Its code.
    pub(crate) package: &'a Package,
}

/// A version of a function that is as wanted.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// The version's number.
    pub(crate) version: String,
    /// Whether the alias already leads to it.
    pub(crate) live: bool,
}

/// A version of the function with exactly this code and these settings: the live one, else one published now.
/// The alias is not moved.
pub(crate) async fn publish(clients: &Clients, wanted: &Wanted<'_>) -> Outcome<Published> {
    let name = &wanted.settings.name;
    let what = || format!("bringing function {name} up to date");
    if let Some(live) = configuration(clients, name, Some(ALIAS)).await?
        && is_as_wanted(&live, wanted)
    {
        return Ok(Published {
            version: live.version.unwrap_or_default(),
            live: true,
        });
    }
    match configuration(clients, name, None).await? {
        None => create(clients, wanted).await?,
        Some(found) => update(clients, wanted, &found).await?,
    }
    settled(clients, name, None).await?;
    let version = clients
        .lambda
        .publish_version()
        .function_name(name)
        .send()
        .await
        .or_failed(what())?
        .version
        .ok_or_else(|| Failure::failed(format!("{}: the answer names no version", what())))?;
    settled(clients, name, Some(&version)).await?;
    Ok(Published {
        version,
        live: false,
    })
}

/// Makes the alias lead to a published version. Returns the alias' ARN.
pub(crate) async fn go_live(
    clients: &Clients,
    name: &str,
    published: &Published,
) -> Outcome<String> {
    if published.live {
        return alias_arn(clients, name).await;
    }
    let arn = point_alias(clients, name, &published.version).await?;
    forget_old_versions(clients, name, &published.version).await?;
    Ok(arn)
}

async fn create(clients: &Clients, wanted: &Wanted<'_>) -> Outcome<()> {
    let settings = wanted.settings;
    let what = || format!("making function {}", settings.name);
    let zip = fs::read(&wanted.package.path).or_failed(what())?;
    clients
        .lambda
        .create_function()
        .function_name(&settings.name)
        .runtime(Runtime::from(RUNTIME))
        .handler(HANDLER)
        .role(format!("arn:aws:iam::000000000000:role/{}", settings.name))
        .architectures(architecture())
        .memory_size(number(settings.memory_mb)?)
        .timeout(number(settings.timeout_s)?)
        .environment(environment(&wanted.variables))
        .code(FunctionCode::builder().zip_file(Blob::new(zip)).build())
        .send()
        .await
        .or_failed(what())?;
    Ok(())
}

async fn update(
    clients: &Clients,
    wanted: &Wanted<'_>,
    found: &GetFunctionConfigurationOutput,
) -> Outcome<()> {
    let settings = wanted.settings;
    let what = || format!("bringing function {} up to date", settings.name);
    if found.code_sha256.as_deref() != Some(&wanted.package.sha256) {
        let zip = fs::read(&wanted.package.path).or_failed(what())?;
        clients
            .lambda
            .update_function_code()
            .function_name(&settings.name)
            .architectures(architecture())
            .zip_file(Blob::new(zip))
            .send()
            .await
            .or_failed(what())?;
        settled(clients, &settings.name, None).await?;
    }
    clients
        .lambda
        .update_function_configuration()
        .function_name(&settings.name)
        .memory_size(number(settings.memory_mb)?)
        .timeout(number(settings.timeout_s)?)
        .environment(environment(&wanted.variables))
        .send()
        .await
        .or_failed(what())?;
    Ok(())
}

/// Waits until a function, or a version of it, can be invoked.
async fn settled(clients: &Clients, name: &str, qualifier: Option<&str>) -> Outcome<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = configuration(clients, name, qualifier).await?;
        let state = found.as_ref().and_then(|found| found.state.clone());
        let update = found
            .as_ref()
            .and_then(|found| found.last_update_status.clone());
        let reason = found.as_ref().and_then(|found| {
            found
                .state_reason
                .clone()
                .or(found.last_update_status_reason.clone())
        });
        if state == Some(State::Active) && update != Some(LastUpdateStatus::InProgress) {
            if update == Some(LastUpdateStatus::Failed) {
                return Err(Failure::failed(format!(
                    "function {name} could not be updated: {}",
                    reason.unwrap_or_default()
                )));
            }
            return Ok(());
        }
        if state == Some(State::Failed) || Instant::now() >= end {
            let state =
                state.map_or_else(|| "missing".to_owned(), |state| state.as_str().to_owned());
            return Err(Failure::failed(format!(
                "function {name} is {state}: {}",
                reason.unwrap_or_default()
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn configuration(
    clients: &Clients,
    name: &str,
    qualifier: Option<&str>,
) -> Outcome<Option<GetFunctionConfigurationOutput>> {
    let found = clients
        .lambda
        .get_function_configuration()
        .function_name(name)
        .set_qualifier(qualifier.map(str::to_owned))
        .send()
        .await;
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).or_failed(format!("reading function {name}")),
    }
}

fn is_as_wanted(found: &GetFunctionConfigurationOutput, wanted: &Wanted<'_>) -> bool {
    let variables: BTreeMap<String, String> = found
        .environment
        .as_ref()
        .and_then(|environment| environment.variables.clone())
        .unwrap_or_default()
        .into_iter()
        .collect();
    found.code_sha256.as_deref() == Some(wanted.package.sha256.as_str())
        && found.state == Some(State::Active)
        && found.memory_size.map(i64::from) == Some(i64::from(wanted.settings.memory_mb))
        && found.timeout.map(i64::from) == Some(i64::from(wanted.settings.timeout_s))
        && variables == wanted.variables
}

async fn alias_arn(clients: &Clients, name: &str) -> Outcome<String> {
    clients
        .lambda
        .get_alias()
        .function_name(name)
        .name(ALIAS)
        .send()
        .await
        .or_failed(format!("reading the alias of function {name}"))?
        .alias_arn
        .ok_or_else(|| Failure::failed(format!("the alias of function {name} has no ARN")))
}

async fn point_alias(clients: &Clients, name: &str, version: &str) -> Outcome<String> {
    let what = || format!("pointing the alias of function {name} at version {version}");
    let moved = clients
        .lambda
        .update_alias()
        .function_name(name)
        .name(ALIAS)
        .function_version(version)
        .send()
        .await;
    let arn = match moved {
        Ok(alias) => alias.alias_arn,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            let made = clients
                .lambda
                .create_alias()
                .function_name(name)
                .name(ALIAS)
                .function_version(version);
            made.send().await.or_failed(what())?.alias_arn
        }
        Err(error) => return Err(error).or_failed(what()),
    };
    arn.ok_or_else(|| Failure::failed(format!("{}: the answer has no ARN", what())))
}

/// Keeps the version that is live and the one before it, as work may still run on that.
async fn forget_old_versions(clients: &Clients, name: &str, live: &str) -> Outcome<()> {
    let what = || format!("removing old versions of function {name}");
    let found = clients
        .lambda
        .list_versions_by_function()
        .function_name(name)
        .send()
        .await
        .or_failed(what())?;
    let mut numbers: Vec<u64> = found
        .versions()
        .iter()
        .filter_map(|version| version.version.as_deref()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.retain(|number| number.to_string() != live);
    numbers.pop();
    for number in numbers {
        clients
            .lambda
            .delete_function()
            .function_name(name)
            .qualifier(number.to_string())
            .send()
            .await
            .or_failed(what())?;
    }
    Ok(())
}

fn architecture() -> Architecture {
    if cfg!(target_arch = "aarch64") {
        Architecture::Arm64
    } else {
        Architecture::X8664
    }
}

fn environment(variables: &BTreeMap<String, String>) -> Environment {
    let variables: HashMap<String, String> = variables.clone().into_iter().collect();
    Environment::builder()
        .set_variables(Some(variables))
        .build()
}

fn number(value: u32) -> Outcome<i32> {
    i32::try_from(value).or_failed("a function's size")
}
