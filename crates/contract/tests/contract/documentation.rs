//! The reference says what the code does.

use std::collections::HashSet;

use contract::{Format, Mode, Rule};

const REFERENCE: &str = include_str!("../../../../docs/contracts.md");

#[test]
fn the_reference_lists_every_rule_with_its_description_and_no_other() {
    let mut listed: HashSet<&str> = REFERENCE
        .lines()
        .skip_while(|line| *line != "| rule | what it asks |")
        .skip(2)
        .take_while(|line| line.starts_with("| "))
        .collect();
    for rule in Rule::ALL {
        let line = format!("| `{rule}` | {} |", rule.describe());
        assert!(
            listed.remove(line.as_str()),
            "docs/contracts.md lacks this line:\n{line}"
        );
    }
    assert!(
        listed.is_empty(),
        "docs/contracts.md lists what is no rule: {listed:?}"
    );
}

#[test]
fn rule_names_are_snake_case_and_unique() {
    let names: HashSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert!(names.iter().all(|name| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    }));
}

#[test]
fn the_example_of_the_reference_is_a_contract() {
    let (_, rest) = REFERENCE.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let contract = contract::Contract::parse(example).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(contract.mode, Mode::Upsert);
    assert_eq!(contract.formats, Format::ALL);
}
