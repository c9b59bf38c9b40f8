//! The login roles of one database.
//!
//! Privileges belong to three group roles, which all databases of a server share and the migrations grant to. The
//! login roles belong to one database each, `<database>_loader` and so on, and only they may connect to it, so that
//! many stacks can share a server without sharing anything else.

use tokio_postgres::{Client, error::SqlState};

use crate::{
    connect::Secret,
    error::{Error, ErrorKind, Result},
    target::quoted,
};

/// The group roles, in the order of [`Logins`].
pub(super) const GROUPS: [&str; 3] = ["waybill_loaders", "waybill_readers", "waybill_apis"];

/// The passwords of the login roles.
#[derive(Debug, Clone)]
pub struct Logins {
    /// Of `<database>_loader`.
    pub loader: Secret,
    /// Of `<database>_reader`.
    pub reader: Secret,
    /// Of `<database>_api`.
    pub api: Secret,
}

/// Makes the database's login roles or gives them these passwords, and lets nobody else connect. The session is the
/// owner's; passwords leave this process only as SCRAM verifiers.
pub async fn roles(client: &Client, logins: &Logins) -> Result<()> {
    let database: String = client
        .query_one("SELECT current_database()::text", &[])
        .await?
        .try_get(0)?;
    let each = [
        // Upserts and snapshots are looked at as a whole in a temporary table.
        ("loader", &logins.loader, GROUPS[0], "CONNECT, TEMPORARY"),
        ("reader", &logins.reader, GROUPS[1], "CONNECT"),
        ("api", &logins.api, GROUPS[2], "CONNECT"),
    ];
    client
        .batch_execute(&format!(
            "REVOKE ALL ON DATABASE {} FROM PUBLIC",
            quoted(&database)
        ))
        .await?;
    for (suffix, password, group, privileges) in each {
        let role = format!("{database}_{suffix}");
        set_login(client, &role, password).await?;
        grant_group(client, group, &role).await?;
        client
            .batch_execute(&format!(
                "GRANT {privileges} ON DATABASE {} TO {}",
                quoted(&database),
                quoted(&role)
            ))
            .await?;
    }
    Ok(())
}

/// Makes a login role or sets its password.
pub(super) async fn set_login(client: &Client, role: &str, password: &Secret) -> Result<()> {
    let there = exists(client, role).await?;
    // The verifier is base64, digits, `$` and `:`: nothing to escape. The plaintext is never sent.
    let verifier = postgres_protocol::password::scram_sha_256(password.expose().as_bytes());
    let verb = if there { "ALTER" } else { "CREATE" };
    shared(client, &format!("{verb} ROLE {} LOGIN PASSWORD '{verifier}'", quoted(role)))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::Forbidden => error.doing(format!(
                "the owner may not set the role {role}: it needs CREATEROLE and, for a role that somebody else made, ADMIN"
            )),
            _ => error,
        })
}

pub(super) async fn exists(client: &Client, role: &str) -> Result<bool> {
    Ok(client
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)",
            &[&role],
        )
        .await?
        .try_get(0)?)
}

async fn grant_group(client: &Client, group: &str, role: &str) -> Result<()> {
    let member: bool = client
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
             JOIN pg_catalog.pg_roles r ON r.oid = m.member WHERE g.rolname = $1 AND r.rolname = $2)",
            &[&group, &role],
        )
        .await?
        .try_get(0)?;
    if member {
        return Ok(());
    }
    shared(client, &format!("GRANT {} TO {}", quoted(group), quoted(role)))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::Forbidden => error.doing(format!(
                "the owner needs ADMIN on the role {group}, which another database's owner made: GRANT {group} TO <owner> WITH ADMIN OPTION"
            )),
            _ => error,
        })
}

/// Runs a statement on the server's shared catalogues, again where another database's migration changed the same
/// row at that moment, which the server reports rather than waits for.
pub(super) async fn shared(client: &Client, sql: &str) -> Result<()> {
    let mut tries = 0;
    loop {
        tries += 1;
        match client.batch_execute(sql).await {
            Ok(()) => return Ok(()),
            Err(error) if tries < 20 && raced(&error) => {
                tokio::time::sleep(std::time::Duration::from_millis(20 * tries)).await;
            }
            Err(error) if error.code() == Some(&SqlState::DUPLICATE_OBJECT) => return Ok(()),
            Err(error) => return Err(Error::from(error)),
        }
    }
}

fn raced(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        (error.code() == &SqlState::INTERNAL_ERROR
            && error.message().contains("tuple concurrently"))
            || error.code() == &SqlState::UNIQUE_VIOLATION
            || error.code() == &SqlState::OBJECT_IN_USE
    })
}
