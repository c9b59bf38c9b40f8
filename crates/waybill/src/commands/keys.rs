//! `keys`: made, listed and revoked directly in the database, by whoever owns it.

use ledger::keys::{self, Scope};
use ledger::{DatabaseConfig, Session, connect};

use crate::cli::{Database, Keys};
use crate::failure::{Exit, Failure, OrFail as _, Outcome};
use crate::target;
use crate::terminal::{Terminal, table};

/// Runs one of them.
pub(crate) async fn run(command: Keys, terminal: Terminal) -> Outcome {
    match command {
        Keys::Create {
            name,
            scopes,
            datasets,
            database,
        } => create(&name, &scopes, &datasets, &database, terminal).await,
        Keys::List(database) => list(&database, terminal).await,
        Keys::Revoke { id, database } => revoke(&id, &database, terminal).await,
    }
}

async fn create(
    name: &str,
    scopes: &[String],
    datasets: &[String],
    database: &Database,
    terminal: Terminal,
) -> Outcome {
    let scopes = scopes
        .iter()
        .map(|text| {
            text.parse::<Scope>().map_err(|_| {
                let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
                Failure::misuse(format!("`{text}` is not a scope"))
                    .advice(format!("these are: {}", known.join(", ")))
            })
        })
        .collect::<Outcome<Vec<Scope>>>()?;
    for dataset in datasets {
        if contract::find(dataset).is_none() {
            let known: Vec<&str> = contract::shipped()
                .iter()
                .map(|contract| contract.name.as_str())
                .collect();
            return Err(Failure::misuse(format!("there is no dataset `{dataset}`"))
                .advice(format!("these are: {}", known.join(", "))));
        }
    }
    let session = session(database).await?;
    let everything = [keys::ALL_DATASETS.to_owned()];
    let datasets = if datasets.is_empty() {
        &everything
    } else {
        datasets
    };
    let (key, plaintext) = keys::create(&session, name, &scopes, datasets).await?;
    let plaintext = plaintext.expose();
    terminal.either(
        &serde_json::json!({"key": plaintext, "id": key.id, "name": key.name}),
        || plaintext.to_owned(),
    )?;
    terminal.note("this is the only time that the key is shown");
    Ok(Exit::Done)
}

async fn list(database: &Database, terminal: Terminal) -> Outcome {
    let session = session(database).await?;
    let found = keys::list(&session).await?;
    if terminal.json {
        for key in &found {
            terminal.value(key)?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|key| {
            let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
            vec![
                key.id.clone(),
                key.name.clone(),
                scopes.join(" "),
                key.datasets.join(" "),
                key.created_at.strftime("%Y-%m-%d").to_string(),
                key.revoked_at
                    .map(|at| at.strftime("%Y-%m-%d").to_string())
                    .unwrap_or_default(),
            ]
        })
        .collect();
    terminal.data(&table(
        &["ID", "NAME", "SCOPES", "DATASETS", "CREATED", "REVOKED"],
        &rows,
    ))?;
    Ok(Exit::Done)
}

async fn revoke(id: &str, database: &Database, terminal: Terminal) -> Outcome {
    let session = session(database).await?;
    if !keys::revoke(&session, id).await? {
        return Err(Failure::failed(format!("there is no key `{id}` in use"))
            .advice("`waybill keys list` shows the ids"));
    }
    terminal.either(&serde_json::json!({"id": id, "revoked": true}), || {
        format!("{id}: revoked")
    })?;
    terminal.note("functions may believe it for half a minute more");
    Ok(Exit::Done)
}

async fn session(database: &Database) -> Outcome<Session> {
    let url = target::database_url(database)?;
    let config =
        DatabaseConfig::from_url(&url).or_misuse("the database's address cannot be used")?;
    Ok(connect(&config).await?)
}
