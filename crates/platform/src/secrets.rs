//! Passwords from the parameter store: read when first needed, kept, and read anew when the
//! database refuses one (it was rotated).

use std::collections::HashMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::SdkError;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use futures_util::future::BoxFuture;
use ledger::{Error, ErrorKind, Secret};
use tokio::sync::Mutex;

use crate::names::Role;

/// Where passwords come from.
pub trait Passwords: Send + Sync {
    /// A role's password; `anew` when the one given before was refused.
    fn password(&self, role: Role, anew: bool) -> BoxFuture<'_, Result<Secret, Error>>;
}

/// Passwords in the parameter store, remembered per process.
pub struct Parameters {
    store: Store,
    root: String,
    known: Mutex<HashMap<Role, Secret>>,
}

impl Parameters {
    /// The parameters below a root, as `/waybill/dev`.
    pub fn new(client: Client, root: impl Into<String>) -> Self {
        Parameters {
            store: Store::new(client),
            root: root.into(),
            known: Mutex::default(),
        }
    }

    async fn get(&self, role: Role, anew: bool) -> Result<Secret, Error> {
        let mut known = self.known.lock().await;
        if !anew && let Some(secret) = known.get(&role) {
            return Ok(secret.clone());
        }
        let secret = self
            .store
            .read(&role.password_parameter(&self.root))
            .await?;
        known.insert(role, secret.clone());
        Ok(secret)
    }
}

impl Passwords for Parameters {
    fn password(&self, role: Role, anew: bool) -> BoxFuture<'_, Result<Secret, Error>> {
        Box::pin(self.get(role, anew))
    }
}

/// The parameter store: nothing is remembered.
#[derive(Debug, Clone)]
pub struct Store(Client);

impl Store {
    /// The store behind a client.
    pub fn new(client: Client) -> Self {
        Store(client)
    }

    /// A SecureString by its name.
    pub async fn read(&self, name: &str) -> Result<Secret, Error> {
        let answer = self
            .0
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| read_error(name, error))?;
        answer
            .parameter
            .and_then(|parameter| parameter.value)
            .filter(|value| !value.is_empty())
            .map(Secret::new)
            .ok_or_else(|| Error::new(ErrorKind::Config, format!("the parameter {name} is empty")))
    }
}

/// The parameter's name is in the message, its value cannot be.
fn read_error<R>(name: &str, error: SdkError<GetParameterError, R>) -> Error
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error() {
        Some(
            GetParameterError::ParameterNotFound(_)
            | GetParameterError::ParameterVersionNotFound(_)
            | GetParameterError::InvalidKeyId(_),
        ) => Error::new(ErrorKind::Config, format!("there is no parameter {name}")),
        Some(_) | None if is_denied(&error) => Error::new(
            ErrorKind::Forbidden,
            format!("the parameter {name} may not be read"),
        ),
        _ => Error::new(
            ErrorKind::Unreachable,
            format!("the parameter {name} could not be read"),
        ),
    }
    .with_source(error)
}

fn is_denied<R>(error: &SdkError<GetParameterError, R>) -> bool {
    use aws_sdk_ssm::error::ProvideErrorMetadata;
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|code| code.contains("AccessDenied"))
}
