//! Contract files: what is taken, and what is refused with which words.

use contract::{Contract, Format, Mode, SparkInto, UnknownColumns};

use crate::{column, dataset, parse_column};

const HEAD: &str = "name = \"things\"\ntable = \"things\"\nmode = \"append\"\n";
const UPSERT: &str = "name = \"things\"\ntable = \"things\"\nmode = \"upsert\"\n";
const IT: &str = "name = \"it\"\ntype = \"text\"";

/// The one complaint that a file gives.
fn complaint(result: Result<Contract, contract::ContractError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    error.to_string()
}

fn column_complaint(lines: &str) -> String {
    complaint(parse_column(lines))
}

fn says(complaint: &str, part: &str) {
    assert!(
        complaint.contains(part),
        "expected {part:?} in:\n{complaint}"
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let contract = dataset(HEAD, &[IT]).unwrap();
    assert_eq!(contract.mode, Mode::Append);
    assert_eq!(contract.unknown_columns, UnknownColumns::Reject);
    assert_eq!(contract.formats, Format::ALL);
    assert_eq!(contract.spark_into, SparkInto::Both);
    let column = &contract.columns[0];
    assert!(
        !column.required && !column.trim && column.default.is_none() && column.one_of.is_empty()
    );
}

#[test]
fn a_column_is_found_by_its_name_or_an_alias_exactly() {
    let contract = dataset(
        HEAD,
        &[
            IT,
            "name = \"day\"\ntype = \"date\"\naliases = [\"Date\", \"tag der Fahrt\"]",
        ],
    )
    .unwrap();
    assert_eq!(contract.column_for("day"), Some(1));
    assert_eq!(contract.column_for("tag der Fahrt"), Some(1));
    assert_eq!(contract.column_for("date"), None);
    assert_eq!(contract.column_for(" day"), None);
    assert_eq!(contract.index_of("Date"), None);
    assert_eq!(contract.index_of("it"), Some(0));
}

#[test]
fn where_very_large_batches_go_is_one_of_three_places() {
    let with = |lines: &str| dataset(&format!("{HEAD}[spark]\n{lines}\n"), &[IT]);
    assert_eq!(with("into = \"lake\"").unwrap().spark_into, SparkInto::Lake);
    says(
        &complaint(with("into = \"athena\"")),
        "[spark] into is \"athena\": write one of both, postgres, lake",
    );
    says(&complaint(with("")), "has no into: add into = \"lake\"");
    says(
        &complaint(with("into = \"both\"\nto = 1")),
        "to is no key that is known here",
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    let error = dataset(
        "name = \"Things\"\ntable = \"things\"\nmode = \"merge\"\ncolour = 1\n",
        &["name = \"it\"\ntype = \"varchar\"", "type = \"text\""],
    )
    .unwrap_err();
    let text = error.to_string();
    assert_eq!(error.problems().len(), 5, "{text}");
    says(
        &text,
        "contract Things: name is \"Things\": begin with a letter",
    );
    says(
        &text,
        "mode is \"merge\": write one of append, upsert, snapshot",
    );
    says(
        &text,
        "column it: type \"varchar\" is no type: write text, integer",
    );
    says(&text, "column #2: has no name: add name");
    says(&text, "colour is no key that is known here");
}

#[test]
fn a_file_that_is_no_toml_is_told_where() {
    says(
        &complaint(Contract::parse("name = ")),
        "is no TOML: TOML parse error at line 1",
    );
}

#[test]
fn an_empty_file_lacks_everything_it_needs() {
    let text = Contract::parse("").unwrap_err().to_string();
    for part in [
        "has no name",
        "has no table",
        "has no mode",
        "has no columns",
    ] {
        says(&text, part);
    }
}

#[test]
fn unknown_keys_are_refused_with_the_known_ones() {
    says(
        &column_complaint("type = \"text\"\nmaxlength = 3"),
        "column it: maxlength is no key that is known here: remove it, or write one of aliases, default",
    );
    says(
        &complaint(dataset(&format!("{HEAD}keys = [\"it\"]\n"), &[IT])),
        "keys is no key",
    );
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    says(
        &column_complaint("type = \"text\"\nrequired = \"yes\""),
        "required is a string: write true or false without quotes",
    );
    says(
        &column_complaint("type = \"text\"\naliases = \"x\""),
        "aliases is a string: write a list in brackets",
    );
    says(&column_complaint("type = 3"), "type is an integer");
}

#[test]
fn types_are_spelt_as_documented() {
    for wrong in [
        "int",
        "varchar(3)",
        "TEXT",
        "decimal(0,0)",
        "decimal(39,2)",
        "decimal(2,3)",
        "decimal(x)",
        "decimal",
        "decimal(2,-1)",
    ] {
        let text = parse_column(&format!("type = \"{wrong}\""))
            .unwrap_err()
            .to_string();
        says(&text, &format!("type {wrong:?} "));
    }
    assert_eq!(
        column("type = \"decimal(12, 2)\"").ty.to_string(),
        "decimal(12,2)"
    );
    assert_eq!(
        column("type = \"decimal(12)\"").ty.to_string(),
        "decimal(12,0)"
    );
}

#[test]
fn names_are_plain_and_not_those_of_the_database() {
    for wrong in [
        "",
        "9to5",
        "Upper",
        "with space",
        "with-hyphen",
        "_x",
        "straße",
    ] {
        says(
            &complaint(dataset(
                HEAD,
                &[&format!("name = \"{wrong}\"\ntype = \"text\"")],
            )),
            "begin with a letter a to z",
        );
    }
    says(
        &complaint(dataset(
            HEAD,
            &[&format!("name = \"{}\"\ntype = \"text\"", "x".repeat(64))],
        )),
        "PostgreSQL keeps only 63",
    );
    says(
        &complaint(dataset(HEAD, &["name = \"xmin\"\ntype = \"text\""])),
        "PostgreSQL has in every table",
    );
    says(
        &complaint(dataset(HEAD, &["name = \"batch\"\ntype = \"text\""])),
        "column batch: has the name of the column in which append keeps the batch number",
    );
    let upsert = format!("{UPSERT}key = [\"batch\"]\n");
    assert!(
        dataset(
            &upsert,
            &["name = \"batch\"\ntype = \"text\"\nrequired = true"]
        )
        .is_ok()
    );
}

#[test]
fn a_name_or_alias_stands_for_one_column() {
    says(
        &complaint(dataset(HEAD, &[IT, IT])),
        "has two columns named it",
    );
    says(
        &complaint(dataset(
            HEAD,
            &[IT, "name = \"b\"\ntype = \"text\"\naliases = [\"it\"]"],
        )),
        "column b: alias \"it\" already stands for column it",
    );
    says(
        &complaint(dataset(
            HEAD,
            &["name = \"b\"\ntype = \"text\"\naliases = [\"it\"]", IT],
        )),
        "column b: alias \"it\" already stands for column it",
    );
    says(
        &column_complaint("type = \"text\"\naliases = [\"x\", \"x\"]"),
        "alias \"x\" says nothing new",
    );
    says(
        &column_complaint("type = \"text\"\naliases = [\"\"]"),
        "aliases has an empty name",
    );
}

#[test]
fn rules_that_mean_nothing_for_the_type_are_refused() {
    says(
        &column_complaint("type = \"text\"\nmin = 3"),
        "min and max mean nothing for text: use max_length or pattern",
    );
    says(
        &column_complaint("type = \"uuid\"\nmax = 3"),
        "min and max mean nothing for uuid",
    );
    says(
        &column_complaint("type = \"integer\"\nmax_length = 3"),
        "max_length means nothing for integer",
    );
    says(
        &column_complaint("type = \"date\"\npattern = \"x\""),
        "pattern means nothing for date",
    );
    says(
        &column_complaint("type = \"boolean\"\none_of = [true]"),
        "one_of means nothing for boolean",
    );
    says(
        &column_complaint("type = \"timestamp\"\nformat = \"%Y\""),
        "does not write a whole date",
    );
    says(
        &column_complaint("type = \"timestamp\"\nformat = \"%Y-%m-%d\""),
        "format means nothing for timestamp",
    );
    says(
        &column_complaint("type = \"json\"\nreferences = \"a.b\""),
        "references means nothing for json",
    );
}

#[test]
fn rules_that_no_value_can_keep_are_refused() {
    says(
        &column_complaint("type = \"integer\"\nmin = 3\nmax = 2"),
        "min 3 is above max 2",
    );
    says(
        &column_complaint("type = \"text\"\none_of = []"),
        "one_of is empty",
    );
    says(
        &column_complaint("type = \"text\"\nmax_length = 0"),
        "max_length is no whole number of 1 or more",
    );
    says(
        &column_complaint("type = \"text\"\nmax_length = 2\none_of = [\"abc\"]"),
        "one_of has abc, which has 3 characters",
    );
    says(
        &column_complaint("type = \"text\"\none_of = [\"a\", \"a\"]"),
        "one_of has a twice",
    );
}

#[test]
fn constants_are_of_the_type_of_their_column() {
    says(
        &column_complaint("type = \"integer\"\nmin = \"1\""),
        "min is a string in a column of type integer: write a whole number without quotes",
    );
    says(
        &column_complaint("type = \"integer\"\nmin = 1.5"),
        "min is a float",
    );
    says(
        &column_complaint("type = \"integer\"\nmin = 3000000000"),
        "min \"3000000000\" is outside the range of integer",
    );
    says(
        &column_complaint("type = \"decimal(4,2)\"\nmin = 0.05"),
        "a string such as \"0.05\"",
    );
    says(
        &column_complaint("type = \"date\"\nmin = \"2021-02-30\""),
        "names a day that does not exist",
    );
    says(
        &column_complaint("type = \"boolean\"\ndefault = \"true\""),
        "true or false without quotes",
    );
    says(
        &column_complaint("type = \"text\"\ndefault = 1"),
        "a string in quotes",
    );
}

#[test]
fn a_default_keeps_the_rules_and_fills_an_optional_column() {
    says(
        &column_complaint("type = \"integer\"\nmin = 1\ndefault = 0"),
        "default 0 is below 1",
    );
    says(
        &column_complaint("type = \"text\"\none_of = [\"a\"]\ndefault = \"b\""),
        "default b is none of the values allowed: a",
    );
    says(
        &column_complaint("type = \"text\"\nrequired = true\ndefault = \"b\""),
        "is required and has a default",
    );
    assert!(!column("type = \"text\"\ndefault = \"b\"").is_nullable());
}

#[test]
fn a_pattern_that_is_no_regular_expression_is_refused() {
    says(
        &column_complaint("type = \"text\"\npattern = \"[A-Z\""),
        "is no regular expression",
    );
    says(
        &column_complaint("type = \"text\"\npattern = \"a)(b\""),
        "is no regular expression",
    );
}

#[test]
fn a_date_format_names_year_month_and_day() {
    for wrong in ["%Y", "%Y-%m", "%d.%m", "day", "%H:%M", "%Q", "%"] {
        says(
            &column_complaint(&format!("type = \"date\"\nformat = \"{wrong}\"")),
            "does not write a whole date",
        );
    }
    for good in ["%d.%m.%Y", "%m/%d/%y", "%Y%m%d", "%-d %B %Y", "%Y-%j"] {
        assert_eq!(
            column(&format!("type = \"date\"\nformat = \"{good}\""))
                .format
                .unwrap()
                .as_str(),
            good
        );
    }
}

#[test]
fn a_reference_is_dataset_and_column() {
    for wrong in ["ports", "ports.", ".code", "a.b.c", ""] {
        says(
            &column_complaint(&format!("type = \"text\"\nreferences = \"{wrong}\"")),
            "write dataset.column",
        );
    }
    says(
        &column_complaint("type = \"text\"\nreferences = \"things.it\""),
        "refers to its own dataset",
    );
}

#[test]
fn a_key_is_made_of_required_columns() {
    let required = "name = \"it\"\ntype = \"text\"\nrequired = true";
    says(
        &complaint(dataset(UPSERT, &[IT])),
        "has mode upsert and no key",
    );
    says(
        &complaint(dataset(&format!("{HEAD}key = [\"it\"]\n"), &[required])),
        "has mode append and a key",
    );
    says(
        &complaint(dataset(&format!("{UPSERT}key = [\"id\"]\n"), &[required])),
        "key names id, which is no column",
    );
    says(
        &complaint(dataset(&format!("{UPSERT}key = [\"it\"]\n"), &[IT])),
        "column it: is part of the key and not required",
    );
    says(
        &complaint(dataset(
            &format!("{UPSERT}key = [\"it\", \"it\"]\n"),
            &[required],
        )),
        "key names it twice",
    );
    let json = "name = \"it\"\ntype = \"json\"\nrequired = true";
    says(
        &complaint(dataset(&format!("{UPSERT}key = [\"it\"]\n"), &[json])),
        "a json cannot tell rows apart",
    );
    let snapshot = UPSERT.replace("upsert", "snapshot");
    assert!(dataset(&snapshot, &[IT]).is_ok());
}

#[test]
fn formats_are_known_and_named_once() {
    says(
        &complaint(dataset(&format!("{HEAD}formats = [\"xls\"]\n"), &[IT])),
        "formats is \"xls\": write one of csv, jsonl, json, xml",
    );
    says(
        &complaint(dataset(
            &format!("{HEAD}formats = [\"csv\", \"csv\"]\n"),
            &[IT],
        )),
        "formats has csv twice",
    );
    says(
        &complaint(dataset(&format!("{HEAD}formats = []\n"), &[IT])),
        "formats is empty",
    );
    assert_eq!(
        dataset(&format!("{HEAD}formats = [\"jsonl\"]\n"), &[IT])
            .unwrap()
            .formats,
        [Format::JsonLines]
    );
    assert_eq!(Format::from_extension("jsonl"), Some(Format::JsonLines));
    assert_eq!(Format::from_extension("CSV"), None);
}
