//! A sheet as JSON: the form that is hashed, kept and sent.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::region::RegionCode;

use super::evidence::{Cell, CellError, Evidence, Status, check_text};
use super::{AttributeName, Attributes, Confirmation, Sheet};
use crate::phrase::Phrase;

/// Why a document is not a sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// An attribute breaks its rule.
    #[error("attribute {} `{attribute}`: {error}", attribute.code())]
    Attribute {
        /// Which.
        attribute: AttributeName,
        /// What is wrong.
        error: CellError,
    },
    /// An attribute stands twice.
    #[error("attribute `{0}` stands twice")]
    Twice(AttributeName),
    /// A title cannot stand in a table.
    #[error("the title {0}")]
    Title(String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetDocument {
    methodology: MethodologyRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<RegionCode>,
    title: Phrase,
    #[serde(default)]
    reference: bool,
    #[serde(default)]
    demonstration: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
    attributes: Vec<AttributeDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeDocument {
    attribute: AttributeName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    status: Status,
    #[serde(default)]
    source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<Sha256>,
}

impl From<Sheet> for SheetDocument {
    fn from(sheet: Sheet) -> Self {
        let attributes = AttributeName::ALL.iter().map(|name| {
            let Cell { value, evidence } = sheet.attributes.cell(*name);
            AttributeDocument {
                attribute: *name,
                value,
                status: evidence.status,
                source: evidence.source,
                document: evidence.document,
            }
        });
        Self {
            attributes: attributes.collect(),
            methodology: sheet.methodology,
            region: sheet.region,
            title: sheet.title,
            reference: sheet.reference,
            demonstration: sheet.demonstration,
            document: sheet.document,
            confirmation: sheet.confirmation,
        }
    }
}

impl TryFrom<SheetDocument> for Sheet {
    type Error = SheetError;
    fn try_from(document: SheetDocument) -> Result<Self, SheetError> {
        for title in [&document.title.zh, &document.title.en] {
            check_text(title).map_err(SheetError::Title)?;
        }
        let mut attributes = Attributes::default();
        let mut seen = Vec::new();
        for one in document.attributes {
            let attribute = one.attribute;
            if seen.contains(&attribute) {
                return Err(SheetError::Twice(attribute));
            }
            seen.push(attribute);
            let cell = Cell {
                value: one.value,
                evidence: Evidence {
                    status: one.status,
                    source: one.source,
                    document: one.document,
                },
            };
            attributes
                .put(attribute, cell)
                .map_err(|error| SheetError::Attribute { attribute, error })?;
        }
        Ok(Self {
            methodology: document.methodology,
            region: document.region,
            title: document.title,
            reference: document.reference,
            demonstration: document.demonstration,
            document: document.document,
            confirmation: document.confirmation,
            attributes,
        })
    }
}
