//! Which columns a file may have, and what to say about the others.

use tanqiao_protocol::check::CheckCode;

use crate::quantification::{Field, RawRecord, Refusal};

/// Puts the text of one field in its place; an empty text is none.
pub(super) fn put<'a>(raw: &mut RawRecord<'a>, field: Field, text: &'a str) {
    let text = (!text.is_empty()).then_some(text);
    match field {
        Field::Source => raw.source = text,
        Field::RecordId => raw.record_id = text,
        Field::Methodology => raw.methodology = text,
        Field::Account => raw.account = text,
        Field::Quantity => raw.quantity = text,
        Field::Unit => raw.unit = text,
        Field::StartedAt => raw.started_at = text,
        Field::EndedAt => raw.ended_at = text,
        Field::Place => raw.place = text,
        Field::ReductionG => raw.reduction_g = text,
        Field::Asset => raw.asset = text,
        Field::Subject => raw.subject = text,
        Field::Line => {}
    }
}

/// What to say about a name that is no column.
pub(super) fn unknown(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    let wanted = name.trim().to_lowercase().replace([' ', '-'], "_");
    let nearest = Field::COLUMNS
        .into_iter()
        .map(|field| (strsim::damerau_levenshtein(&wanted, field.name()), field))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((0..=3, field)) => format!("`{shown}` is not a column here: did you mean `{field}`?"),
        _ => format!("`{shown}` is not a column here; the columns are {}", all()),
    }
}

/// The columns of a CSV file, from its header.
///
/// # Errors
/// A sentence that names every problem of the header.
pub(super) fn of_header<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Field>, String> {
    let mut columns = Vec::with_capacity(Field::COLUMNS.len());
    let mut troubles = Vec::new();
    for name in names {
        match Field::named(name) {
            Some(field) if columns.contains(&field) => troubles.push(format!("column `{field}` is there twice")),
            Some(field) => columns.push(field),
            None if name.trim().is_empty() => troubles.push("a column has no name: remove trailing commas".to_owned()),
            None => troubles.push(unknown(name)),
        }
    }
    for field in Field::COLUMNS {
        if !field.is_optional() && !columns.contains(&field) {
            troubles.push(format!("column `{field}` is missing"));
        }
    }
    if troubles.is_empty() {
        Ok(columns)
    } else {
        troubles.truncate(12);
        Err(troubles.join("; "))
    }
}

fn all() -> String {
    let names: Vec<&str> = Field::COLUMNS.iter().map(|field| field.name()).collect();
    names.join(", ")
}

/// A line that is longer than a record can be.
pub(super) fn too_long() -> Refusal {
    Refusal::new(
        CheckCode::M03,
        Field::Line,
        "is longer than 65536 bytes: check that every line ends with a line feed",
    )
}

/// A line that is not UTF-8.
pub(super) fn not_utf8(field: Field) -> Refusal {
    Refusal::schema(
        field,
        "is not UTF-8: export the file again as UTF-8, not as GBK or GB 18030",
    )
}
