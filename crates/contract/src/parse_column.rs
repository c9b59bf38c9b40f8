//! From one `[[columns]]` of a contract file to a [`Column`], refusing rules that do not fit its type.

use jiff::civil;
use toml::Value;

use crate::column::{Column, DateFormat, Reference};
use crate::constant::Constant;
use crate::dates;
use crate::fields::{Fields, Problems, kind};
use crate::parse::plain_name;
use crate::parse_documents;
use crate::pattern::Pattern;
use crate::types::Type;

/// Names that PostgreSQL gives to columns of its own in every table.
const SYSTEM_COLUMNS: &[&str] = &["ctid", "cmax", "cmin", "tableoid", "xmax", "xmin"];

/// Days that a usable date format tells apart: months and days that could be swapped, two centuries, a leap day.
const PROBES: &[(i16, i8, i8)] = &[
    (2021, 1, 31),
    (2003, 4, 5),
    (2005, 4, 3),
    (2024, 2, 29),
    (1999, 12, 1),
];

pub(crate) fn column(mut fields: Fields, problems: &mut Problems) -> Column {
    let name = fields.needed("name", "\"…\"", problems);
    if name.is_some() {
        problems.column.clone_from(&name);
    }
    let name = plain_name("name", name, problems);
    if let Some(name) = name.as_deref().filter(|name| SYSTEM_COLUMNS.contains(name)) {
        problems.add(format!(
            "{name} is a column that PostgreSQL has in every table: rename it"
        ));
    }
    let example = format!("\"…\" with {}", Type::WORDS);
    let ty = column_type(fields.needed("type", &example, problems), problems);

    let mut column = Column {
        name: name.unwrap_or_default(),
        description: fields.text("description", problems).unwrap_or_default(),
        ty: ty.unwrap_or(Type::Text),
        required: fields.flag("required", problems),
        min: None,
        max: None,
        max_length: max_length(fields.take("max_length"), problems),
        pattern: pattern(fields.text("pattern", problems), problems),
        one_of: Vec::new(),
        references: reference(fields.text("references", problems), problems),
        trim: fields.flag("trim", problems),
        default: None,
        format: format(fields.text("format", problems), problems),
        aliases: aliases(fields.texts("aliases", problems), problems),
        xml: parse_documents::field(fields.text("xml", problems), problems),
        allowed: Vec::new(),
        range: i64::MIN..=i64::MAX,
    };
    let min = fields.take("min");
    let max = fields.take("max");
    let one_of = fields.list("one_of", problems);
    let default = fields.take("default");
    fields.finish(problems);

    // Without a type nothing more can be said of the rules, and of values only where the rules fit it.
    if ty.is_none() {
        return column;
    }
    let before = problems.found.len();
    rules_fit_the_type(
        &column,
        min.is_some() || max.is_some(),
        one_of.is_some(),
        problems,
    );
    if problems.found.len() > before {
        return column;
    }
    column.min = min.and_then(|value| constant("min", &value, &column, problems));
    column.max = max.and_then(|value| constant("max", &value, &column, problems));
    if let (Some(min), Some(max)) = (&column.min, &column.max)
        && min
            .as_value()
            .compare(&max.as_value())
            .is_some_and(std::cmp::Ordering::is_gt)
    {
        problems.add(format!(
            "min {min} is above max {max}, so that no value is allowed: correct one of them"
        ));
    }
    let whole = |bound: &Option<Constant>| bound.as_ref().and_then(Constant::as_whole);
    column.range = whole(&column.min).unwrap_or(i64::MIN)..=whole(&column.max).unwrap_or(i64::MAX);
    if let Some(values) = one_of {
        list_values(&values, &mut column, problems);
    }
    column.default = default.and_then(|value| constant("default", &value, &column, problems));
    if let Some(default) = &column.default {
        if column.required {
            problems.add(
                "is required and has a default, so that it is never absent: remove one of the two",
            );
        }
        if let Err(violation) = column.within_rules(&default.as_value()) {
            problems.add(format!(
                "default {default} {}: correct the default or the rule",
                violation.message
            ));
        }
    }
    column
}

fn column_type(word: Option<String>, problems: &mut Problems) -> Option<Type> {
    let word = word?;
    word.parse()
        .map_err(|message| problems.add(format!("type {word:?} {message}")))
        .ok()
}

fn max_length(value: Option<Value>, problems: &mut Problems) -> Option<usize> {
    match value? {
        Value::Integer(most) if most >= 1 => usize::try_from(most).ok(),
        _ => {
            problems.add(
                "max_length is no whole number of 1 or more: write the most characters allowed",
            );
            None
        }
    }
}

fn pattern(source: Option<String>, problems: &mut Problems) -> Option<Pattern> {
    let source = source?;
    Pattern::new(&source)
        .map_err(|error| {
            problems.add(format!(
                "pattern {source:?} is no regular expression: {error}"
            ));
        })
        .ok()
}

fn reference(text: Option<String>, problems: &mut Problems) -> Option<Reference> {
    let text = text?;
    match text.split_once('.') {
        Some((dataset, column))
            if !dataset.is_empty() && !column.is_empty() && !column.contains('.') =>
        {
            Some(Reference {
                dataset: dataset.to_owned(),
                column: column.to_owned(),
            })
        }
        _ => {
            problems.add(format!(
                "references is {text:?}: write dataset.column, such as \"ports.code\""
            ));
            None
        }
    }
}

fn format(text: Option<String>, problems: &mut Problems) -> Option<DateFormat> {
    let text = text?;
    for (year, month, day) in PROBES {
        let date = civil::date(*year, *month, *day);
        let read = dates::write_formatted(&text, date)
            .map(|written| dates::formatted_date(written.as_bytes(), &text));
        if read != Some(dates::date(date.to_string().as_bytes())) {
            problems.add(format!(
                "format {text:?} does not write a whole date: use the conversions of strftime for year, month and day, \
                 such as %d.%m.%Y"
            ));
            return None;
        }
    }
    Some(DateFormat(text))
}

fn aliases(aliases: Option<Vec<String>>, problems: &mut Problems) -> Vec<String> {
    let aliases = aliases.unwrap_or_default();
    if aliases.iter().any(String::is_empty) {
        problems.add("aliases has an empty name in it: remove it");
    }
    aliases
}

fn rules_fit_the_type(column: &Column, bounded: bool, listed: bool, problems: &mut Problems) {
    let ty = column.ty;
    if bounded && !ty.is_ordered() {
        let instead = if ty == Type::Text {
            "use max_length or pattern"
        } else {
            "remove them"
        };
        problems.add(format!("min and max mean nothing for {ty}: {instead}"));
    }
    if ty != Type::Text {
        if column.max_length.is_some() {
            problems.add(format!(
                "max_length means nothing for {ty}, only for text: remove it"
            ));
        }
        if column.pattern.is_some() {
            problems.add(format!(
                "pattern means nothing for {ty}, only for text: remove it"
            ));
        }
    }
    if listed && !ty.is_listable() {
        problems.add(format!("one_of means nothing for {ty}: remove it"));
    }
    if column.format.is_some() && ty != Type::Date {
        let why = if ty == Type::Timestamp {
            ", which is always written as RFC 3339 says"
        } else {
            ""
        };
        problems.add(format!(
            "format means nothing for {ty}{why}, only for date: remove it"
        ));
    }
    if column.references.is_some() && !ty.is_identifying() {
        problems.add(format!(
            "references means nothing for {ty}, which cannot be a key: remove it or change the type"
        ));
    }
}

fn list_values(values: &[Value], column: &mut Column, problems: &mut Problems) {
    if values.is_empty() {
        problems.add("one_of is empty, so that no value is allowed: list the values or remove it");
    }
    for value in values {
        let Some(constant) = constant("one_of", value, column, problems) else {
            continue;
        };
        if column.one_of.contains(&constant) {
            problems.add(format!("one_of has {constant} twice: remove one"));
        }
        // Before it is in the list, `within_rules` looks at the other rules only.
        if let Err(violation) = column.within_rules(&constant.as_value()) {
            problems.add(format!(
                "one_of has {constant}, which {}: correct the list or the rule",
                violation.message
            ));
        }
        column.one_of.push(constant);
    }
    let mut allowed = column.one_of.clone();
    allowed.sort_by(|a, b| {
        a.as_value()
            .compare(&b.as_value())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    column.allowed = allowed;
}

/// A value that the contract gives, read as the column's values are; dates always as ISO 8601 writes them.
fn constant(
    key: &str,
    value: &Value,
    column: &Column,
    problems: &mut Problems,
) -> Option<Constant> {
    let (text, fits) = match value {
        Value::String(text) => (
            text.clone(),
            !matches!(
                column.ty,
                Type::Integer | Type::BigInt | Type::Double | Type::Boolean
            ),
        ),
        Value::Integer(number) => (
            number.to_string(),
            matches!(
                column.ty,
                Type::Integer | Type::BigInt | Type::Double | Type::Decimal { .. }
            ),
        ),
        Value::Float(number) => (number.to_string(), column.ty == Type::Double),
        Value::Boolean(value) => (value.to_string(), column.ty == Type::Boolean),
        Value::Datetime(value) => (
            value.to_string(),
            matches!(column.ty, Type::Date | Type::Timestamp),
        ),
        Value::Array(_) | Value::Table(_) => (String::new(), false),
    };
    if !fits {
        let wanted = match column.ty {
            Type::Integer | Type::BigInt => "a whole number without quotes",
            Type::Double => "a number without quotes",
            Type::Decimal { .. } => "a whole number, or a string such as \"0.05\"",
            Type::Boolean => "true or false without quotes",
            Type::Date => "a date such as 2021-01-31",
            Type::Timestamp => "a timestamp such as 2021-01-31T10:00:00Z",
            Type::Text | Type::Uuid | Type::Json => "a string in quotes",
        };
        problems.add(format!(
            "{key} is {} in a column of type {}: write {wanted}",
            kind(value),
            column.ty
        ));
        return None;
    }
    // The type alone: the other rules have messages of their own.
    let plain = Column {
        format: None,
        pattern: None,
        max_length: None,
        min: None,
        max: None,
        range: i64::MIN..=i64::MAX,
        allowed: Vec::new(),
        ..column.clone()
    };
    match plain.read(text.as_bytes()) {
        Ok(value) => Constant::from_value(value),
        Err(violation) => {
            problems.add(format!("{key} {text:?} {}", violation.message));
            None
        }
    }
}
