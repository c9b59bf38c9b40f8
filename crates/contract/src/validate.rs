//! Whether a set of contracts fits together: what one contract by itself cannot tell.

use std::collections::{HashMap, HashSet};

use crate::column::{Column, Reference};
use crate::dataset::Contract;
use crate::error::{ContractError, Problem};

/// Checks that names and tables are used once and that every reference leads to the key of a dataset, of the same
/// type. The error lists everything that is wrong.
pub fn validate_all(contracts: &[Contract]) -> Result<(), ContractError> {
    let mut problems = Vec::new();
    let mut datasets: HashMap<&str, &Contract> = HashMap::new();
    let mut tables: HashSet<&str> = HashSet::new();
    for contract in contracts {
        if datasets.insert(&contract.name, contract).is_some() {
            problems.push(problem(
                contract,
                None,
                "there is another contract of this name: rename one".to_owned(),
            ));
        }
        if !tables.insert(&contract.table) {
            let message = format!(
                "table {} belongs to another contract too: give each its own",
                contract.table
            );
            problems.push(problem(contract, None, message));
        }
    }
    for contract in contracts {
        for (index, reference) in contract.references() {
            let column = &contract.columns[index];
            if let Err(message) = leads_to_a_key(column, reference, &datasets) {
                problems.push(problem(contract, Some(column), message));
            }
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ContractError::new(problems))
    }
}

fn leads_to_a_key(
    column: &Column,
    reference: &Reference,
    datasets: &HashMap<&str, &Contract>,
) -> Result<(), String> {
    let Some(target) = datasets.get(reference.dataset.as_str()) else {
        return Err(format!(
            "refers to {reference}, but there is no dataset {}: correct it or add its contract",
            reference.dataset
        ));
    };
    let Some(index) = target.index_of(&reference.column) else {
        return Err(format!(
            "refers to {reference}, but {} has no such column: correct it",
            target.name
        ));
    };
    if target.key != [reference.column.as_str()] {
        return Err(format!(
            "refers to {reference}, which is not the whole key of {}: refer to a column that is, since nothing else is \
             sure to be unique",
            target.name
        ));
    }
    let found = target.columns[index].ty;
    if found != column.ty {
        return Err(format!(
            "is {} and refers to {reference}, which is {found}: give both the same type",
            column.ty
        ));
    }
    Ok(())
}

fn problem(contract: &Contract, column: Option<&Column>, message: String) -> Problem {
    Problem {
        dataset: Some(contract.name.clone()),
        column: column.map(|column| column.name.clone()),
        message,
    }
}
