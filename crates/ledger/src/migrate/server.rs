//! What only a server's administrator can do for a new stack: its database, its owner, the shared group roles.

use tokio_postgres::Client;

use super::roles::{GROUPS, exists, set_login, shared};
use crate::{
    connect::Secret,
    error::{ErrorKind, Result},
    target::quoted,
};

/// A database to be made.
#[derive(Debug, Clone)]
pub struct Bootstrap<'a> {
    /// Its name. The owner is `<database>_owner`.
    pub database: &'a str,
    /// The owner's password.
    pub owner: &'a Secret,
}

/// Makes a database with its owner and the server's group roles, or completes what is there. The session is an
/// administrator's, in any other database. Answers the owner's name.
pub async fn bootstrap(client: &Client, new: &Bootstrap<'_>) -> Result<String> {
    let owner = format!("{}_owner", new.database);
    set_login(client, &owner, new.owner).await?;
    shared(client, &format!("ALTER ROLE {} CREATEROLE", quoted(&owner))).await?;
    for group in GROUPS {
        if !exists(client, group).await? {
            shared(client, &format!("CREATE ROLE {} NOLOGIN", quoted(group))).await?;
        }
        shared(
            client,
            &format!(
                "GRANT {} TO {} WITH ADMIN OPTION",
                quoted(group),
                quoted(&owner)
            ),
        )
        .await?;
    }
    let superuser: bool = client
        .query_one(
            "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
            &[],
        )
        .await?
        .try_get(0)?;
    if !superuser {
        shared(client, &format!("GRANT {} TO CURRENT_USER", quoted(&owner))).await?;
    }
    // The faster way of checking foreign keys. Where even the administrator cannot give it away, loads are as right
    // without it, and slower. The group has it from here: what an owner passed on would go with that owner, for all.
    let granted = shared(
        client,
        &format!(
            "GRANT SET ON PARAMETER session_replication_role TO {}; GRANT SET ON PARAMETER session_replication_role TO {} WITH GRANT OPTION",
            GROUPS[0],
            quoted(&owner)
        ),
    )
    .await;
    if let Err(error) = granted {
        tracing::warn!(error = %crate::chain(&error), "session_replication_role cannot be granted: foreign keys will be checked row by row");
    }
    let there: bool = client
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)",
            &[&new.database],
        )
        .await?
        .try_get(0)?;
    if !there {
        shared(
            client,
            &format!(
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'",
                quoted(new.database),
                quoted(&owner)
            ),
        )
        .await?;
    }
    shared(
        client,
        &format!(
            "REVOKE ALL ON DATABASE {} FROM PUBLIC",
            quoted(new.database)
        ),
    )
    .await?;
    Ok(owner)
}

/// Takes a database and its login roles away again, whoever is connected. The session is an administrator's.
pub async fn drop_database(client: &Client, database: &str) -> Result<()> {
    shared(
        client,
        &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(database)),
    )
    .await?;
    for suffix in ["loader", "reader", "api", "owner"] {
        let role = format!("{database}_{suffix}");
        if exists(client, &role).await? {
            // The owner may have passed the parameter on; that grant goes with it.
            if suffix == "owner" {
                let revoked = shared(
                    client,
                    &format!(
                        "REVOKE ALL ON PARAMETER session_replication_role FROM {} CASCADE",
                        quoted(&role)
                    ),
                )
                .await;
                match revoked {
                    // Where the administrator could not give it away there is nothing to take back.
                    Err(error) if error.kind() == ErrorKind::Forbidden => {}
                    other => other?,
                }
            }
            shared(client, &format!("DROP ROLE {}", quoted(&role))).await?;
        }
    }
    Ok(())
}
