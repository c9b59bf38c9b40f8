//! `datasets`: contracts, as the API tells them, or as this program was built with them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::failure::{Exit, Failure, Outcome};
use crate::terminal::{Terminal, counted, table};

/// Lists the datasets, or shows one.
pub(crate) async fn run(client: &Client, name: Option<&str>, terminal: Terminal) -> Outcome {
    if let Some(name) = name {
        let path = format!("/v1/datasets/{}", plain(name)?);
        let dataset: Value = client.json(client.request(Method::GET, &path)).await?;
        terminal.either(&dataset, || one(&dataset))?;
        return Ok(Exit::Done);
    }
    let answer: Value = client
        .json(client.request(Method::GET, "/v1/datasets"))
        .await?;
    let datasets = answer["datasets"].as_array().cloned().unwrap_or_default();
    if terminal.json {
        for dataset in &datasets {
            terminal.value(dataset)?;
        }
    } else {
        terminal.data(&all(&datasets))?;
    }
    Ok(Exit::Done)
}

/// Says everything that is wrong with the contracts of this program's own release.
pub(crate) fn check(terminal: Terminal) -> Outcome {
    match contract::check() {
        Ok(contracts) => {
            terminal.note(format!(
                "{}, nothing wrong",
                counted(contracts.len() as u64, "contract")
            ));
            Ok(Exit::Done)
        }
        Err(error) => {
            for problem in error.problems() {
                terminal.either(
                    &json!({"dataset": problem.dataset, "column": problem.column, "message": problem.message}),
                    || problem.to_string(),
                )?;
            }
            Ok(Exit::Failed)
        }
    }
}

/// A name as a part of the path, which it must not change.
fn plain(name: &str) -> Outcome<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(fits) {
        Ok(name)
    } else {
        Err(Failure::misuse(format!("`{name}` is no dataset's name"))
            .advice("`waybill datasets` lists them"))
    }
}

fn all(datasets: &[Value]) -> String {
    let rows: Vec<Vec<String>> = datasets
        .iter()
        .map(|dataset| {
            vec![
                text(dataset, "name"),
                text(dataset, "mode"),
                text(dataset, "description"),
            ]
        })
        .collect();
    table(&["DATASET", "MODE", "DESCRIPTION"], &rows)
}

fn one(dataset: &Value) -> String {
    let columns = dataset["columns"].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = columns
        .iter()
        .map(|column| {
            vec![
                text(column, "name"),
                text(column, "type"),
                rules(column, &dataset["key"]),
                text(column, "description"),
            ]
        })
        .collect();
    format!(
        "{}: {} ({})\n\n{}",
        text(dataset, "name"),
        text(dataset, "description"),
        text(dataset, "mode"),
        table(&["COLUMN", "TYPE", "RULES", "DESCRIPTION"], &rows)
    )
}

/// All that the contract says of a column besides, in the contract's own words.
fn rules(column: &Value, key: &Value) -> String {
    let in_key = key
        .as_array()
        .is_some_and(|key| key.contains(&column["name"]));
    let mut rules = Vec::from_iter(in_key.then(|| "key".to_owned()));
    for (name, value) in column.as_object().into_iter().flatten() {
        match value {
            _ if matches!(name.as_str(), "name" | "type" | "description") => {}
            Value::Bool(said) if name != "default" => {
                rules.extend(said.then(|| name.clone()));
            }
            Value::Array(values) => {
                let values: Vec<String> = values.iter().map(plainly).collect();
                rules.push(format!("{name} {}", values.join(" | ")));
            }
            value => rules.push(format!("{name} {}", plainly(value))),
        }
    }
    rules.join(", ")
}

fn text(value: &Value, field: &str) -> String {
    plainly(&value[field])
}

fn plainly(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_shown_with_all_its_rules() {
        let dataset = json!({"name": "hotels", "description": "Hotels", "mode": "upsert", "key": ["code"], "columns": [
            {"name": "code", "type": "text", "required": true, "pattern": "[A-Z]{3}", "references": "places.code"},
            {"name": "stars", "type": "integer", "required": false, "min": 1, "max": 5, "description": "How good"},
            {"name": "open", "type": "boolean", "required": false, "default": false},
            {"name": "board", "type": "text", "required": false, "one_of": ["none", "full"]},
        ]});
        insta::assert_snapshot!(one(&dataset), @r"
        hotels: Hotels (upsert)

        COLUMN  TYPE     RULES                                                    DESCRIPTION
        code    text     key, pattern [A-Z]{3}, references places.code, required
        stars   integer  max 5, min 1                                             How good
        open    boolean  default false
        board   text     one_of none | full
        ");
    }
}
