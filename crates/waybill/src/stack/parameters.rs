//! Passwords of the database logins, made once and kept in the parameter store as the design has them.

use aws_sdk_ssm::types::ParameterType;
use platform::names::{Names, Role};
use uuid::Uuid;

use super::clients::Clients;
use crate::failure::{OrFail as _, Outcome};

/// The owner's password, after every login has one: the one in the store, else the one that was `known` before the
/// store forgot it, else a new one. The administrator's is the server's, whatever was there before.
pub(crate) async fn ensure(
    clients: &Clients,
    names: &Names,
    admin: &str,
    known: Option<&str>,
) -> Outcome<String> {
    ensure_admin(clients, names, admin).await?;
    if let Some(known) = known
        && read(clients, &names.password_parameter(Role::Owner))
            .await?
            .is_none()
    {
        write(clients, &names.password_parameter(Role::Owner), known).await?;
    }
    let mut owner = String::new();
    for role in Role::ALL {
        let password = password(clients, &names.password_parameter(role)).await?;
        if role == Role::Owner {
            owner = password;
        }
    }
    Ok(owner)
}

/// The password of the server's administrator.
pub(crate) async fn ensure_admin(clients: &Clients, names: &Names, password: &str) -> Outcome<()> {
    let parameter = names.admin_parameter();
    if read(clients, &parameter).await?.as_deref() != Some(password) {
        write(clients, &parameter, password).await?;
    }
    Ok(())
}

async fn password(clients: &Clients, name: &str) -> Outcome<String> {
    if let Some(password) = read(clients, name).await? {
        return Ok(password);
    }
    // 122 random bits from the system.
    let password = Uuid::new_v4().simple().to_string();
    write(clients, name, &password).await?;
    Ok(password)
}

async fn read(clients: &Clients, name: &str) -> Outcome<Option<String>> {
    let found = clients
        .ssm
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await;
    match found {
        Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_parameter_not_found()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).or_failed(format!("reading parameter {name}")),
    }
}

async fn write(clients: &Clients, name: &str, password: &str) -> Outcome<()> {
    clients
        .ssm
        .put_parameter()
        .name(name)
        .value(password)
        .r#type(ParameterType::SecureString)
        .overwrite(true)
        .send()
        .await
        .or_failed(format!("writing parameter {name}"))?;
    Ok(())
}
