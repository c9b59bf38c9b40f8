//! `keys`: made, listed and revoked by whoever owns the database.

use ledger::keys::{self, Scope};

use crate::cli::{Keys, Owned};
use crate::failure::{Exit, Failure, Outcome};
use crate::owner::Owner;
use crate::terminal::{Terminal, table};

/// Runs one of them.
pub(crate) async fn run(command: Keys, terminal: Terminal) -> Outcome {
    match command {
        Keys::Create {
            name,
            scopes,
            datasets,
            owned,
        } => create(&name, &scopes, &datasets, &owned, terminal).await,
        Keys::List(owned) => list(&owned, terminal).await,
        Keys::Revoke { id, owned } => revoke(&id, &owned, terminal).await,
    }
}

async fn create(
    name: &str,
    scopes: &[String],
    datasets: &[String],
    owned: &Owned,
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
    let everything = [keys::ALL_DATASETS.to_owned()];
    let datasets = if datasets.is_empty() {
        &everything
    } else {
        datasets
    };
    let made = Owner::of(owned)
        .await?
        .create_key(name, &scopes, datasets)
        .await?;
    terminal.either(
        &serde_json::json!({"key": made.plaintext, "id": made.id, "name": name}),
        || made.plaintext.clone(),
    )?;
    terminal.note("this is the only time that the key is shown");
    Ok(Exit::Done)
}

async fn list(owned: &Owned, terminal: Terminal) -> Outcome {
    let found = Owner::of(owned).await?.keys().await?;
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

async fn revoke(id: &str, owned: &Owned, terminal: Terminal) -> Outcome {
    if !Owner::of(owned).await?.revoke_key(id).await? {
        return Err(Failure::failed(format!("there is no key `{id}` in use"))
            .advice("`waybill keys list` shows the ids"));
    }
    terminal.either(&serde_json::json!({"id": id, "revoked": true}), || {
        format!("{id}: revoked")
    })?;
    terminal.note("functions may believe it for half a minute more");
    Ok(Exit::Done)
}
