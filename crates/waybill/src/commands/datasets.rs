//! `datasets`: contracts, as the API tells them.

use reqwest::Method;
use serde_json::Value;

use crate::client::{Client, segment};
use crate::failure::{Exit, Outcome};
use crate::terminal::{Terminal, table};

/// Lists the datasets, or shows one.
pub(crate) async fn run(client: &Client, name: Option<&str>, terminal: Terminal) -> Outcome {
    if let Some(name) = name {
        let path = format!("/v1/datasets/{}", segment(name)?);
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
            let required = if column["required"].as_bool() == Some(true) {
                "required"
            } else {
                ""
            };
            vec![
                text(column, "name"),
                text(column, "type"),
                required.to_owned(),
                text(column, "description"),
            ]
        })
        .collect();
    format!(
        "{}: {} ({})\n\n{}",
        text(dataset, "name"),
        text(dataset, "description"),
        text(dataset, "mode"),
        table(&["COLUMN", "TYPE", "", "DESCRIPTION"], &rows)
    )
}

fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
