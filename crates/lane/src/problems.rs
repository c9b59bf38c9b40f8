//! What a batch's ledger entry says when it is not the data's rows that are wrong. Each is for
//! the partner: what happened and what to do, no internals.

use ledger::Problem;
use loader::KeyProblem;

/// The key does not say what the object is.
pub(crate) fn key(problem: &KeyProblem) -> Problem {
    let word = match problem {
        KeyProblem::NoDataset => "unknown-dataset",
        KeyProblem::UnknownFormat { .. } => "unknown-format",
    };
    Problem::new(word, "The object's key does not say what it is")
        .with_status(422)
        .with_detail(problem.to_string())
}

/// The folder in front names no dataset of this release.
pub(crate) fn dataset(name: &str) -> Problem {
    let known: Vec<&str> = contract::shipped()
        .iter()
        .map(|contract| contract.name.as_str())
        .collect();
    Problem::new("unknown-dataset", "There is no such dataset")
        .with_status(422)
        .with_detail(format!(
            "the key begins with `{name}/`, but the datasets are: {}",
            known.join(", ")
        ))
}

/// The manifest cannot be followed.
pub(crate) fn manifest(why: &str) -> Problem {
    Problem::new("manifest", "The manifest cannot be followed")
        .with_status(422)
        .with_detail(format!("{why}; nothing was loaded"))
}

/// The dataset does not take this format.
pub(crate) fn format(name: &str, format: contract::Format) -> Problem {
    Problem::new("unknown-format", "The dataset does not take this format")
        .with_status(422)
        .with_detail(format!("{name} is not accepted as {}", format.as_str()))
}

/// Larger than this lane takes.
pub(crate) fn too_large(bytes: u64, lane_bytes: u64) -> Problem {
    Problem::new("too-large", "The object is too large for the function lane")
        .with_status(413)
        .with_detail(format!(
            "it has {bytes} bytes, the function lane takes {lane_bytes}: send it in several files"
        ))
}

/// The function's time was over.
pub(crate) fn out_of_time(seconds: u64) -> Problem {
    Problem::new(Problem::OUT_OF_TIME, "The load exceeded its lane's time")
        .with_status(504)
        .with_detail(format!(
            "it was stopped after {seconds} s and nothing was loaded: send the content in several \
             files, or ask for a replay"
        ))
}

/// Something was out of reach; it will be tried again.
pub(crate) fn interrupted(what: &str) -> Problem {
    Problem::new(Problem::INTERRUPTED, "The load was interrupted")
        .with_status(503)
        .with_detail(format!("{what}; it is tried again by itself"))
}

/// We are wrong, or not allowed.
pub(crate) fn internal(what: &str) -> Problem {
    Problem::new("internal", "The load failed on our side")
        .with_status(500)
        .with_detail(format!("{what}; an operator has to look"))
}
