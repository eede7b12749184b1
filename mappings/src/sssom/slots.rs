//! The slots of SSSOM 1.1, and which kind of value each takes.

use tanqiao_protocol::words;

/// What a slot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotKind {
    /// A text.
    Text,
    /// Compact identifiers.
    Entity,
    /// Absolute IRIs.
    Iri,
    /// A number from 0 to 1.
    Share,
    /// A number from −1 to 1.
    Agreement,
    /// A day.
    Day,
    /// One of the entity types.
    EntityType,
    /// One of the cardinalities.
    Cardinality,
    /// The version of SSSOM.
    Version,
}

/// A slot: its name, what it takes, and whether it takes several (in a cell separated by `|`).
pub(super) type Slot = (&'static str, SlotKind, bool);

use SlotKind::{Agreement, Cardinality, Day, Entity, EntityType, Iri, Share, Text, Version};

/// The slots of a row, in the order in which they are written. Those with a type of their own in [`super::SssomMapping`] are
/// among them.
pub(super) const ROW: &[Slot] = &[
    ("record_id", Entity, false),
    ("subject_id", Entity, false),
    ("subject_label", Text, false),
    ("subject_category", Text, false),
    ("predicate_id", Entity, false),
    ("predicate_label", Text, false),
    ("predicate_modifier", Text, false),
    ("object_id", Entity, false),
    ("object_label", Text, false),
    ("object_category", Text, false),
    ("mapping_justification", Entity, false),
    ("author_id", Entity, true),
    ("author_label", Text, true),
    ("reviewer_id", Entity, true),
    ("reviewer_label", Text, true),
    ("creator_id", Entity, true),
    ("creator_label", Text, true),
    ("license", Iri, false),
    ("subject_type", EntityType, false),
    ("subject_source", Entity, false),
    ("subject_source_version", Text, false),
    ("object_type", EntityType, false),
    ("object_source", Entity, false),
    ("object_source_version", Text, false),
    ("predicate_type", EntityType, false),
    ("mapping_provider", Iri, false),
    ("mapping_source", Entity, false),
    ("mapping_cardinality", Cardinality, false),
    ("cardinality_scope", Text, true),
    ("mapping_tool", Text, false),
    ("mapping_tool_id", Entity, false),
    ("mapping_tool_version", Text, false),
    ("mapping_date", Day, false),
    ("publication_date", Day, false),
    ("review_date", Day, false),
    ("confidence", Share, false),
    ("reviewer_agreement", Agreement, false),
    ("curation_rule", Entity, true),
    ("curation_rule_text", Text, true),
    ("subject_match_field", Entity, true),
    ("object_match_field", Entity, true),
    ("match_string", Text, true),
    ("subject_preprocessing", Entity, true),
    ("object_preprocessing", Entity, true),
    ("similarity_score", Share, false),
    ("similarity_measure", Text, false),
    ("see_also", Iri, true),
    ("issue_tracker_item", Entity, false),
    ("other", Text, false),
    ("comment", Text, false),
];

/// The slots of a header, in the order in which they are written; `curie_map` and `extension_definitions` apart.
pub(super) const HEADER: &[Slot] = &[
    ("mapping_set_id", Iri, false),
    ("mapping_set_version", Text, false),
    ("mapping_set_source", Iri, true),
    ("mapping_set_title", Text, false),
    ("mapping_set_description", Text, false),
    ("mapping_set_confidence", Share, false),
    ("sssom_version", Version, false),
    ("creator_id", Entity, true),
    ("creator_label", Text, true),
    ("license", Iri, false),
    ("subject_type", EntityType, false),
    ("subject_source", Entity, false),
    ("subject_source_version", Text, false),
    ("object_type", EntityType, false),
    ("object_source", Entity, false),
    ("object_source_version", Text, false),
    ("predicate_type", EntityType, false),
    ("mapping_provider", Iri, false),
    ("cardinality_scope", Text, true),
    ("mapping_tool", Text, false),
    ("mapping_tool_id", Entity, false),
    ("mapping_tool_version", Text, false),
    ("mapping_date", Day, false),
    ("publication_date", Day, false),
    ("subject_match_field", Entity, true),
    ("object_match_field", Entity, true),
    ("subject_preprocessing", Entity, true),
    ("object_preprocessing", Entity, true),
    ("similarity_measure", Text, false),
    ("curation_rule", Entity, true),
    ("curation_rule_text", Text, true),
    ("see_also", Iri, true),
    ("issue_tracker", Iri, false),
    ("other", Text, false),
    ("comment", Text, false),
];

/// The slots that a header states for all rows at once, unless a row fills them (SSSOM, "Propagation of slots").
pub(super) const PROPAGATED: &[&str] = &[
    "subject_type",
    "predicate_type",
    "object_type",
    "subject_source",
    "subject_source_version",
    "object_source",
    "object_source_version",
    "mapping_provider",
    "cardinality_scope",
    "mapping_tool",
    "mapping_tool_id",
    "mapping_tool_version",
    "mapping_date",
    "subject_match_field",
    "object_match_field",
    "subject_preprocessing",
    "object_preprocessing",
    "curation_rule",
    "curation_rule_text",
    "similarity_measure",
];

pub(super) const ENTITY_TYPES: &[&str] = &[
    "owl class",
    "owl object property",
    "owl data property",
    "owl annotation property",
    "owl named individual",
    "skos concept",
    "rdfs resource",
    "rdfs class",
    "rdfs literal",
    "rdfs datatype",
    "rdf property",
    "composed entity expression",
];

pub(super) const CARDINALITIES: &[&str] = &["1:1", "1:n", "n:1", "1:0", "0:1", "n:n", "0:0"];

pub(super) const VERSIONS: &[&str] = &["1.0", "1.1"];

words! {
    /// On what a statement rests: the terms of the semantic mapping vocabulary that the schema of SSSOM 1.1 accepts.
    pub enum Justification {
        /// Titles.
        LexicalMatching = 1 "LexicalMatching",
        /// Reasoning.
        LogicalReasoning = 2 "LogicalReasoning",
        /// Several of them.
        CompositeMatching = 3 "CompositeMatching",
        /// Not said.
        UnspecifiedMatching = 4 "UnspecifiedMatching",
        /// A threshold of likeness of meaning.
        SemanticSimilarityThresholdMatching = 5 "SemanticSimilarityThresholdMatching",
        /// A threshold of likeness of words.
        LexicalSimilarityThresholdMatching = 6 "LexicalSimilarityThresholdMatching",
        /// Chaining of others.
        MappingChaining = 7 "MappingChaining",
        /// A review.
        MappingReview = 8 "MappingReview",
        /// A person.
        ManualMappingCuration = 9 "ManualMappingCuration",
        /// The inverse of another.
        MappingInversion = 10 "MappingInversion",
        /// Structure.
        StructuralMatching = 11 "StructuralMatching",
        /// Instances.
        InstanceBasedMatching = 12 "InstanceBasedMatching",
        /// Knowledge from outside.
        BackgroundKnowledgeBasedMatching = 13 "BackgroundKnowledgeBasedMatching",
    }
}

impl Justification {
    /// As a compact identifier.
    #[must_use]
    pub fn curie(self) -> String {
        format!("semapv:{self}")
    }

    /// From a compact identifier.
    ///
    /// # Errors
    /// A term that the schema does not accept, although the vocabulary may have it.
    pub fn read(text: &str) -> Result<Self, String> {
        let term = text.strip_prefix("semapv:");
        term.and_then(|term| term.parse().ok()).ok_or_else(|| {
            format!("`{text}` is not one of the 13 terms that SSSOM 1.1 accepts, such as semapv:MappingReview")
        })
    }
}
