//! The contracts that are compiled into the release.

use std::sync::LazyLock;

use crate::dataset::Contract;
use crate::error::{ContractError, Problem};
use crate::validate::validate_all;

/// File name and text of every `datasets/*.toml`, made by the build script.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/datasets.rs"));

static SHIPPED: LazyLock<Result<Vec<Contract>, ContractError>> = LazyLock::new(|| read(FILES));

/// Every shipped contract, by name; or everything that is wrong with them. Read once.
pub fn check() -> Result<&'static [Contract], &'static ContractError> {
    SHIPPED.as_deref()
}

/// Every shipped contract, by name. Read once.
///
/// # Panics
/// When a shipped contract is wrong. The crate's own tests tell, and [`check`] does.
pub fn shipped() -> &'static [Contract] {
    check().unwrap_or_else(|error| panic!("the contracts in datasets/ are wrong:\n{error}"))
}

/// The shipped contract of a dataset.
pub fn find(name: &str) -> Option<&'static Contract> {
    shipped().iter().find(|contract| contract.name == name)
}

/// Each file by itself first: a contract that cannot be read would look to the others as if it were not there.
fn read(files: &[(&str, &str)]) -> Result<Vec<Contract>, ContractError> {
    let mut contracts = Vec::with_capacity(files.len());
    let mut problems = Vec::new();
    for (file, text) in files {
        let stem = file.strip_suffix(".toml").unwrap_or(file);
        match Contract::parse(text) {
            Ok(contract) if contract.name == stem => contracts.push(contract),
            Ok(contract) => problems.push(Problem {
                message: format!(
                    "lies in datasets/{file}: name the file {}.toml",
                    contract.name
                ),
                dataset: Some(contract.name),
                column: None,
            }),
            Err(error) => problems.extend(error.problems().iter().cloned().map(|mut problem| {
                problem.dataset.get_or_insert_with(|| stem.to_owned());
                problem
            })),
        }
    }
    if !problems.is_empty() {
        return Err(ContractError::new(problems));
    }
    validate_all(&contracts)?;
    Ok(contracts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_every_file_is_told() {
        let good = "name = \"b\"\ntable = \"b\"\nmode = \"append\"\n[[columns]]\nname = \"x\"\ntype = \"text\"\n";
        let bad = "name = \"c\"\nmode = \"append\"\n";
        let error = read(&[("a.toml", "=\n"), ("other.toml", good), ("c.toml", bad)]).unwrap_err();
        let text = error.to_string();
        for part in [
            "contract a: is no TOML",
            "contract b: lies in datasets/other.toml: name the file b.toml",
            "contract c: has no table",
            "contract c: has no columns",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }
}
