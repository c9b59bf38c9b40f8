//! Contracts among each other, and those that ship.

use contract::{Contract, Format, Mode, Type, UnknownColumns, validate_all};

use crate::dataset;

fn keyed(name: &str, ty: &str, more: &str) -> Contract {
    let head =
        format!("name = \"{name}\"\ntable = \"{name}\"\nmode = \"upsert\"\nkey = [\"id\"]\n");
    dataset(
        &head,
        &[
            &format!("name = \"id\"\ntype = \"{ty}\"\nrequired = true"),
            &format!("name = \"other\"\ntype = \"text\"\n{more}"),
        ],
    )
    .unwrap()
}

fn problem(contracts: &[Contract]) -> String {
    validate_all(contracts).unwrap_err().to_string()
}

#[test]
fn the_shipped_contracts_are_regions_ports_and_prices() {
    let shipped: Vec<(&str, Mode)> = contract::shipped()
        .iter()
        .map(|contract| (contract.name.as_str(), contract.mode))
        .collect();
    assert_eq!(
        shipped,
        [
            ("ports", Mode::Upsert),
            ("prices", Mode::Append),
            ("regions", Mode::Upsert)
        ]
    );
    let prices = contract::find("prices").unwrap();
    assert_eq!(
        prices
            .columns
            .iter()
            .map(|column| column.ty)
            .collect::<Vec<_>>(),
        [Type::Text, Type::Text, Type::Date, Type::Integer]
    );
    assert!(prices.columns.iter().all(|column| column.required));
    assert_eq!(
        prices
            .references()
            .map(|(index, target)| (index, target.to_string()))
            .collect::<Vec<_>>(),
        [(0, "ports.code".to_owned()), (1, "ports.code".to_owned())]
    );
    assert_eq!(prices.unknown_columns, UnknownColumns::Reject);
    assert!(Format::ALL.iter().all(|format| prices.accepts(*format)));
    assert_eq!(contract::find("ports").unwrap().key_indexes(), [0]);
    assert!(contract::find("rates").is_none());
}

#[test]
fn the_shipped_data_set_of_regions_may_refer_to_itself() {
    let regions = contract::find("regions").unwrap();
    let parent = &regions.columns[regions.index_of("parent_slug").unwrap()];
    assert_eq!(parent.references.as_ref().unwrap().dataset, "regions");
    assert!(parent.is_nullable());
}

#[test]
fn a_reference_leads_to_the_whole_key_of_a_dataset_of_the_same_type() {
    let good = [
        keyed("a", "text", ""),
        keyed("b", "text", "references = \"a.id\""),
    ];
    assert_eq!(validate_all(&good), Ok(()));
    assert!(
        problem(&good[1..])
            .contains("contract b: column other: refers to a.id, but there is no dataset a")
    );
    let missing = keyed("b", "text", "references = \"a.nothing\"");
    assert!(problem(&[good[0].clone(), missing]).contains("a has no such column"));
    let beside = keyed("b", "text", "references = \"a.other\"");
    assert!(problem(&[good[0].clone(), beside]).contains("not the whole key of a"));
    let number = keyed("a", "integer", "");
    assert!(
        problem(&[number, good[1].clone()])
            .contains("is text and refers to a.id, which is integer")
    );
}

#[test]
fn names_and_tables_are_used_once() {
    let text = problem(&[keyed("a", "text", ""), keyed("a", "text", "")]);
    assert!(text.contains("another contract of this name"), "{text}");
    assert!(
        text.contains("table a belongs to another contract too"),
        "{text}"
    );
}

#[test]
fn a_contract_as_json_is_what_a_partner_needs() {
    let json = serde_json::to_value(contract::find("prices").unwrap()).unwrap();
    assert_eq!(json["mode"], "append");
    assert_eq!(
        json["formats"],
        serde_json::json!(["csv", "jsonl", "json", "xml"])
    );
    assert_eq!(json["json"], serde_json::json!({"records": null}));
    assert_eq!(json["xml"], serde_json::json!({"record": "prices/price"}));
    assert_eq!(json.get("table"), None);
    assert_eq!(
        json["columns"][3],
        serde_json::json!({"name": "price", "description": "The price in US dollars", "type": "integer", "required": true, "min": 1})
    );
    assert_eq!(json["columns"][0]["references"], "ports.code");
}
