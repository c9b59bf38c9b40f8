//! Where the records and fields of JSON and XML documents are: what a contract may say, and what is refused.

use contract::{Contract, ContractError, Format};

const HEAD: &str = "name = \"things\"\ntable = \"things\"\nmode = \"append\"\n";
const IT: &str = "[[columns]]\nname = \"it\"\ntype = \"text\"\n";

fn parsed(head: &str, columns: &str) -> Result<Contract, ContractError> {
    Contract::parse(&format!("{HEAD}{head}{IT}{columns}"))
}

fn complaint(head: &str, columns: &str, part: &str) {
    let error = parsed(head, columns).expect_err(part);
    assert_eq!(error.problems().len(), 1, "{error}");
    assert!(
        error.to_string().contains(part),
        "expected {part:?} in:\n{error}"
    );
}

fn column(name: &str, xml: &str) -> String {
    format!("[[columns]]\nname = \"{name}\"\ntype = \"text\"\nxml = \"{xml}\"\n")
}

#[test]
fn what_is_left_out_is_an_array_and_a_root_named_as_the_dataset() {
    let contract = parsed("", "").expect("it is right");
    assert_eq!(contract.json.map(|json| json.records), Some(Vec::new()));
    assert_eq!(
        contract.xml.map(|xml| xml.record),
        Some(vec!["things".to_owned(), "record".to_owned()])
    );
    assert_eq!(contract.columns[0].xml_places(), ["it", "@it"]);
    let csv = parsed("formats = [\"csv\"]\n", "").expect("it is right");
    assert!(csv.json.is_none() && csv.xml.is_none());
}

#[test]
fn paths_are_taken_apart_and_shown_as_they_were_written() {
    let contract = parsed(
        "[json]\nrecords = \"data.the prices\"\n[xml]\nrecord = \"r/p:list/it\"\n",
        &[
            column("a", "@id"),
            column("b", "route/@from"),
            column("c", "route/to"),
            column("d", "to"),
        ]
        .concat(),
    )
    .expect("it is right");
    let json = serde_json::to_value(&contract).expect("it can be shown");
    assert_eq!(
        json["json"],
        serde_json::json!({"records": "data.the prices"})
    );
    assert_eq!(json["xml"], serde_json::json!({"record": "r/p:list/it"}));
    assert_eq!(json["columns"][2]["xml"], "route/@from");
    let field = contract.columns[2].xml.as_ref().expect("it has a place");
    assert_eq!(
        (field.elements(), field.attribute()),
        (&["route".to_owned()][..], Some("from"))
    );
}

#[test]
fn paths_that_no_document_has_are_refused() {
    complaint(
        "[json]\nrecords = \"data..prices\"\n",
        "",
        "[json] records is \"data..prices\": write names with one .",
    );
    complaint(
        "[json]\nrecords = 1\n",
        "",
        "records is an integer: write a string",
    );
    complaint(
        "[json]\nrecord = \"a\"\n",
        "",
        "record is no key that is known here: remove it, or write one of records",
    );
    complaint(
        "[xml]\nrecords = \"a\"\n",
        "",
        "records is no key that is known here",
    );
    complaint(
        "[xml]\nrecord = \"prices\"\n",
        "",
        "a document has only one root",
    );
    complaint(
        "[xml]\nrecord = \"a/@b\"\n",
        "",
        "\"@b\" in it, which is no name in XML",
    );
    complaint(
        "[xml]\nrecord = \"a/b c\"\n",
        "",
        "\"b c\" in it, which is no name in XML",
    );
    complaint(
        "json = \"data\"\n",
        "",
        "json is a string: write [json] with its own lines",
    );
    let long = format!("[json]\nrecords = \"{}\"\n", vec!["a"; 17].join("."));
    complaint(
        &long,
        "",
        "[json] records is too long: 16 names of 128 bytes are the most",
    );
    for path in ["@", "a/", "@a/b", "1", "a/@b/c"] {
        assert!(parsed("", &column("a", path)).is_err(), "{path}");
    }
}

#[test]
fn a_document_that_is_not_accepted_needs_no_place() {
    complaint(
        "formats = [\"csv\"]\n[json]\n",
        "",
        "has [json], and formats leaves json out",
    );
    complaint(
        "formats = [\"csv\"]\n[xml]\n",
        "",
        "has [xml], and formats leaves xml out",
    );
    complaint(
        "formats = [\"csv\"]\n",
        &column("a", "@a"),
        "has xml, and formats leaves xml out",
    );
}

#[test]
fn two_columns_are_never_in_one_place() {
    complaint(
        "",
        &column("a", "@it"),
        "column a: is at \"@it\" in XML, and so is column it",
    );
    complaint(
        "",
        &column("a", "it/b"),
        "column a: is in XML inside the text of column it",
    );
    complaint(
        "",
        &[column("a", "."), column("b", "x/y")].concat(),
        "column b: is in XML inside the text of column a",
    );
    assert!(
        parsed("", &column("a", "it/@kind")).is_ok(),
        "an attribute may stand beside a text"
    );
    assert_eq!(Format::from_extension("xml"), Some(Format::Xml));
}
