//! The contracts that are compiled into the release.

use std::sync::LazyLock;

use crate::dataset::Contract;
use crate::validate::validate_all;

/// File name and text of every `datasets/*.toml`, made by the build script.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/datasets.rs"));

static SHIPPED: LazyLock<Vec<Contract>> =
    LazyLock::new(|| read(FILES).unwrap_or_else(|problem| panic!("{problem}")));

/// Every shipped contract, by name. Read once.
///
/// # Panics
/// When a shipped contract is wrong, which the crate's own tests would have told.
pub fn shipped() -> &'static [Contract] {
    &SHIPPED
}

/// The shipped contract of a dataset.
pub fn find(name: &str) -> Option<&'static Contract> {
    shipped().iter().find(|contract| contract.name == name)
}

fn read(files: &[(&str, &str)]) -> Result<Vec<Contract>, String> {
    let mut contracts = Vec::with_capacity(files.len());
    for (file, text) in files {
        let contract =
            Contract::parse(text).map_err(|error| format!("datasets/{file} is wrong:\n{error}"))?;
        if file.strip_suffix(".toml") != Some(contract.name.as_str()) {
            return Err(format!(
                "datasets/{file} is named {}: name the file {0}.toml",
                contract.name
            ));
        }
        contracts.push(contract);
    }
    validate_all(&contracts)
        .map_err(|error| format!("the contracts in datasets/ do not fit together:\n{error}"))?;
    Ok(contracts)
}
