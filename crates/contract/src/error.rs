//! What is wrong with a contract file.

use std::fmt;

/// A contract, or a set of them, that makes no sense; everything that is wrong, not only the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractError {
    problems: Vec<Problem>,
}

/// One thing that is wrong with a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The dataset, where its name could be read.
    pub dataset: Option<String>,
    /// The column that it is about, if it is about one: its name, or `#3` where it has none.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl ContractError {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// What is wrong, at least one thing.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.dataset {
            Some(dataset) => write!(f, "contract {dataset}: ")?,
            None => f.write_str("contract: ")?,
        }
        if let Some(column) = &self.column {
            write!(f, "column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// One problem a line.
impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ContractError {}
