//! Passwords of the database logins, made once and kept in the parameter store as the design has them.

use aws_sdk_ssm::types::ParameterType;
use platform::names::{Names, Role};
use uuid::Uuid;

use super::clients::Clients;
use crate::failure::{OrFail as _, Outcome};

/// The owner's password, after every login has one.
pub(crate) async fn ensure(clients: &Clients, names: &Names) -> Outcome<String> {
    let mut owner = String::new();
    for role in Role::ALL {
        let password = password(clients, &names.password_parameter(role)).await?;
        if role == Role::Owner {
            owner = password;
        }
    }
    Ok(owner)
}

async fn password(clients: &Clients, name: &str) -> Outcome<String> {
    let found = clients
        .ssm
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await;
    match found {
        Ok(answer) => {
            if let Some(value) = answer.parameter.and_then(|parameter| parameter.value) {
                return Ok(value);
            }
        }
        Err(error) => {
            if !error
                .as_service_error()
                .is_some_and(|error| error.is_parameter_not_found())
            {
                return Err(error).or_failed(format!("reading parameter {name}"));
            }
        }
    }
    // 122 random bits from the system.
    let password = Uuid::new_v4().simple().to_string();
    clients
        .ssm
        .put_parameter()
        .name(name)
        .value(&password)
        .r#type(ParameterType::SecureString)
        .overwrite(true)
        .send()
        .await
        .or_failed(format!("writing parameter {name}"))?;
    Ok(password)
}
