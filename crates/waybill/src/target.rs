//! Which environment a command is for: what flags and variables say, else the local stack where one is up.

use aws_config::SdkConfig;
use aws_sdk_sqs::config::ProvideCredentials as _;
use local::{LocalDir, StackState};
use platform::names::{Names, PREFIX};

use crate::cli::{Common, Owned};
use crate::client::Client;
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::stack;

/// The local stack's state, where one is up.
pub(crate) fn local_stack() -> Option<StackState> {
    let dir = LocalDir::find().ok()?;
    let state = StackState::read(&dir).ok()?;
    let runs = state.emulator.as_ref().is_some_and(local::Part::is_alive);
    (state.ready && runs).then_some(state)
}

/// The API that a command talks to.
pub(crate) fn api(common: &Common) -> Outcome<Client> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    if let Some(url) = given(&common.url) {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Failure::misuse(format!(
                "`{url}` is not the address of an API: http:// or https:// is expected"
            )));
        }
        // The local stack's own address needs no key to be told.
        let key = given(&common.api_key).or_else(|| {
            local_stack()
                .filter(|state| state.url().as_deref() == Some(&url))
                .map(|state| state.api_key)
        });
        return Client::new(&url, key.as_deref());
    }
    let Some(state) = local_stack() else {
        return Err(Failure::unreachable("no API is known").advice(
            "set WAYBILL_URL and WAYBILL_API_KEY, or start the local stack with `waybill local up`",
        ));
    };
    let key = given(&common.api_key).unwrap_or_else(|| state.api_key.clone());
    Client::new(&state.url().unwrap_or_default(), Some(&key))
}

const CREDENTIALS: &str = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws sso login` renews a session";

/// What to look at when AWS does not know what an environment must have.
pub(crate) const ACCOUNT: &str = "is the environment's name right, and are AWS_PROFILE and AWS_REGION those of its account, and is WAYBILL_PREFIX the prefix of environments/common.tfvars (scripts/waybill sets it)? `waybill local names NAME` prints its names";

/// AWS, where an environment is. Asks for credentials at once: a call's own error would only tell where it looked last.
pub(crate) async fn aws(environment: &str) -> Outcome<SdkConfig> {
    let config = platform::aws::config().await;
    let needs = |what: &str| {
        Failure::unreachable(format!(
            "environment {environment} is in AWS, and {what} here"
        ))
    };
    // What the provider says of its failure is every place that it looked at; what is missing is plain without.
    let known = match config.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.is_ok(),
        None => false,
    };
    if !known {
        return Err(needs("there are no valid credentials for AWS").advice(CREDENTIALS));
    }
    if config.region().is_none() {
        return Err(needs("no region is named").advice("set AWS_REGION"));
    }
    Ok(config)
}

/// Where an environment's own services are: AWS, or the emulator of the local stack.
pub(crate) async fn cloud(environment: &str) -> Outcome<SdkConfig> {
    if environment != stack::ENVIRONMENT {
        return aws(environment).await;
    }
    let dir = LocalDir::find()?;
    let state = StackState::read(&dir)?;
    match state.emulator.filter(local::Part::is_alive) {
        Some(emulator) => Ok(stack::local_config(emulator.port).await),
        None => Err(Failure::unreachable("the local stack is not up")
            .advice("`waybill local up` starts it")),
    }
}

/// The names of an environment in AWS: under the prefix in WAYBILL_PREFIX, which `scripts/waybill` takes from
/// environments/common.tfvars.
pub(crate) fn names(environment: &str) -> Outcome<Names> {
    if environment == stack::ENVIRONMENT {
        return stack::names();
    }
    let prefix = std::env::var("WAYBILL_PREFIX").unwrap_or_default();
    let prefix = if prefix.is_empty() { PREFIX } else { &prefix };
    Names::with_prefix(prefix, environment).or_misuse("the environment's name")
}

/// The owner's address of the database.
pub(crate) fn database_url(owned: &Owned) -> Outcome<String> {
    owned
        .database_url
        .clone()
        .filter(|url| !url.is_empty())
        .or_else(|| local_stack().and_then(|state| state.database_url()))
        .ok_or_else(|| {
            Failure::misuse("no database is named")
                .advice("set DATABASE_URL to the owner's address, name an environment in AWS with --environment, or start the local stack with `waybill local up`")
        })
}
