//! What only the database's owner may do, on a session of the owner's or, where the database cannot be reached from
//! here, through an environment's `migrate` function.

use ledger::keys::{self, ApiKey, Scope};
use ledger::migrate::Options;
use ledger::{DatabaseConfig, Session, Timeouts, connect, migrate};
use platform::names::{ALIAS, Function};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cli::Owned;
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::invoke::invoke;
use crate::target;

/// One of the two ways.
pub(crate) enum Owner {
    /// A session of the owner's.
    Session(Session),
    /// The environment's function.
    Function {
        client: aws_sdk_lambda::Client,
        name: String,
    },
}

/// A key that was just made.
pub(crate) struct NewKey {
    /// The key itself, shown once.
    pub(crate) plaintext: String,
    /// Its public part.
    pub(crate) id: String,
}

impl Owner {
    /// The way that flags and variables say, else the local stack's database.
    pub(crate) async fn of(owned: &Owned) -> Outcome<Self> {
        if let Some(environment) = &owned.environment {
            let names = target::names(environment)?;
            let config = target::aws(environment).await?;
            return Ok(Self::Function {
                client: aws_sdk_lambda::Client::new(&config),
                name: names.function(Function::Migrate),
            });
        }
        let url = target::database_url(owned)?;
        let config = DatabaseConfig::from_url(&url)
            .or_misuse("the database's address cannot be used")?
            .with_timeouts(Timeouts::MIGRATE);
        Ok(Self::Session(connect(&config).await?))
    }

    /// Applies what is missing and compares contracts and tables. The migrations that were applied.
    pub(crate) async fn migrate(&mut self) -> Outcome<Vec<String>> {
        match self {
            Self::Session(session) => Ok(migrate::run(session, &Options::shipped()).await?.applied),
            Self::Function { client, name } => {
                let answer = call(
                    client,
                    name,
                    json!({"action": "migrate"}),
                    "migrating the database",
                )
                .await?;
                read(answer["applied"].clone())
            }
        }
    }

    /// Makes a key.
    pub(crate) async fn create_key(
        &self,
        name: &str,
        scopes: &[Scope],
        datasets: &[String],
    ) -> Outcome<NewKey> {
        match self {
            Self::Session(session) => {
                let (key, plaintext) = keys::create(session, name, scopes, datasets).await?;
                Ok(NewKey {
                    plaintext: plaintext.expose().to_owned(),
                    id: key.id,
                })
            }
            Self::Function {
                client,
                name: function,
            } => {
                let request = json!({"action": "create_key", "name": name, "scopes": scopes, "datasets": datasets});
                let answer = call(client, function, request, "making the key").await?;
                Ok(NewKey {
                    plaintext: read(answer["key"].clone())?,
                    id: read(answer["id"].clone())?,
                })
            }
        }
    }

    /// Every key.
    pub(crate) async fn keys(&self) -> Outcome<Vec<ApiKey>> {
        match self {
            Self::Session(session) => Ok(keys::list(session).await?),
            Self::Function { client, name } => read(
                call(
                    client,
                    name,
                    json!({"action": "list_keys"}),
                    "listing the keys",
                )
                .await?,
            ),
        }
    }

    /// Makes a key useless. `false`: there is none in use by that id.
    pub(crate) async fn revoke_key(&self, id: &str) -> Outcome<bool> {
        match self {
            Self::Session(session) => Ok(keys::revoke(session, id).await?),
            Self::Function { client, name } => {
                let request = json!({"action": "revoke_key", "id": id});
                let answer = call(client, name, request, "revoking the key").await?;
                read(answer["revoked"].clone())
            }
        }
    }
}

async fn call(
    client: &aws_sdk_lambda::Client,
    function: &str,
    request: Value,
    what: &str,
) -> Outcome<Value> {
    invoke(client, function, ALIAS, &request, what).await
}

fn read<T: DeserializeOwned>(value: Value) -> Outcome<T> {
    serde_json::from_value(value).map_err(|error| {
        Failure::failed("the function's answer is not understood")
            .because(error)
            .advice("is the release that runs there older than this command line?")
    })
}
