//! The shapes of what goes over the wire, as short tables from which hub and node make their `OpenAPI` descriptions: the name of a
//! schema, its description, and its members. A member is `name`, or `name?` where it may be absent; its type is a schema's
//! name, `text`, `integer`, `boolean`, `any`, or one of these in `[…]` for a list. A member `+` takes all members of another.

/// Name, description, members.
pub type Object = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Mappings and the sheets that they rest on, as hub and node show them.
pub const MAPPINGS: &[Object] = &[
    (
        "MappingProposal",
        "A proposed mapping version: the hub computes its factor",
        &[
            ("mapping", "MappingRef"),
            ("origin", "MethodologyRef"),
            ("target", "MethodologyRef"),
            ("reference?", "MethodologyRef"),
            ("through?", "MethodologyRef"),
            ("predicate", "Predicate"),
            ("mode", "Mode"),
            ("to", "RegionCode"),
            ("endorsed_by", "NodeId"),
            ("source_region", "RegionCode"),
            ("vintage_first", "Year"),
            ("vintage_last", "Year"),
            ("uses", "[Use]"),
            ("buffer", "Factor"),
            ("cap_g?", "Grams"),
            ("valid_from", "Timestamp"),
            ("valid_until?", "Timestamp"),
            ("draft", "boolean"),
        ],
    ),
    (
        "Through",
        "The two mappings that a composed one is made of",
        &[
            ("reference", "MethodologyRef"),
            ("first", "MappingRef"),
            ("second", "MappingRef"),
        ],
    ),
    (
        "BatchRule",
        "How the factor of a batch follows from its activity data; exact fractions as text",
        &[
            ("units", "text"),
            ("target_g", "text"),
            ("reference_g?", "text"),
            ("others", "text"),
        ],
    ),
    (
        "MappingRecord",
        "What the three parties agree to",
        &[
            ("mapping", "MappingRef"),
            ("origin", "MethodologyRef"),
            ("to", "RegionCode"),
            ("endorsed_by", "NodeId"),
            ("counterpart?", "MethodologyRef"),
            ("reference?", "MethodologyRef"),
            ("through?", "Through"),
            ("predicate", "Predicate"),
            ("source_region?", "RegionCode"),
            ("vintages?", "[integer]"),
            ("factor", "Factor"),
            ("batch?", "BatchRule"),
            ("buffer", "Factor"),
            ("uses", "[Use]"),
            ("excluded_schemes?", "[Name]"),
            ("cap_g?", "Grams"),
            ("valid_from", "Timestamp"),
            ("valid_until", "Timestamp"),
            ("reason_zh", "text"),
            ("reason_en", "text"),
            ("demonstration", "boolean"),
            ("explanation_sha256?", "Sha256"),
        ],
    ),
    (
        "Endorsement",
        "A party's endorsement of a record",
        &[
            ("party", "Party"),
            ("member?", "NodeId"),
            ("payload_sha256?", "Sha256"),
            ("log_index", "integer"),
        ],
    ),
    (
        "Suspension",
        "Why a mapping is suspended; without `by` what it rests on has changed",
        &[
            ("by?", "Party"),
            ("reason", "text"),
            ("since", "Timestamp"),
            ("lifted_by?", "[Party]"),
        ],
    ),
    (
        "MappingView",
        "A mapping version and where it stands",
        &[
            ("mapping", "MappingRef"),
            ("state", "MappingState"),
            ("proposed_by?", "NodeId"),
            ("proposal?", "MappingProposal"),
            ("record?", "MappingRecord"),
            ("record_sha256?", "Sha256"),
            ("given_g", "Grams"),
            ("comment_until?", "Timestamp"),
            ("endorsements?", "[Endorsement]"),
            ("approvals?", "[Name]"),
            ("suspension?", "Suspension"),
            ("ground?", "RejectionGround"),
            ("reason?", "text"),
            ("ended_at?", "Timestamp"),
            ("log_index", "integer"),
        ],
    ),
    (
        "Comment",
        "A comment on a proposed mapping",
        &[
            ("member?", "NodeId"),
            ("on_behalf_of?", "text"),
            ("text", "text"),
            ("at", "Timestamp"),
            ("log_index", "integer"),
        ],
    ),
    (
        "MappingDetail",
        "A mapping version with the explanation of its factor and the comments on it",
        &[("+", "MappingView"), ("explanation?", "any"), ("comments", "[Comment]")],
    ),
    (
        "SheetView",
        "An attribute sheet as it was published",
        &[
            ("publisher?", "NodeId"),
            ("revision", "integer"),
            ("sha256", "Sha256"),
            ("at", "Timestamp"),
            ("log_index", "integer"),
            ("sheet", "Sheet"),
        ],
    ),
    (
        "Phrase",
        "One statement in Chinese and in English",
        &[("zh", "text"), ("en", "text")],
    ),
    (
        "Confirmation",
        "The issuer's written confirmation of a unit factor outside the plausible band",
        &[("unit_factor", "text"), ("on", "text"), ("document", "Sha256")],
    ),
    (
        "SheetAttribute",
        "One of the 24 attributes; without a value it is unknown",
        &[
            ("attribute", "text"),
            ("value?", "text"),
            ("status", "text"),
            ("source", "text"),
            ("document?", "Sha256"),
        ],
    ),
    (
        "Sheet",
        "A methodology version attribute by attribute, with its evidence",
        &[
            ("methodology", "MethodologyRef"),
            ("region?", "RegionCode"),
            ("title", "Phrase"),
            ("reference", "boolean"),
            ("demonstration", "boolean"),
            ("document?", "Sha256"),
            ("confirmation?", "Confirmation"),
            ("attributes", "[SheetAttribute]"),
        ],
    ),
];

/// What the hub alone shows of them: what changed, candidates, what is recognised where.
pub const RECOGNITION: &[Object] = &[
    (
        "Change",
        "A change between two revisions",
        &[
            ("of", "text"),
            ("item", "text"),
            ("before?", "text"),
            ("after?", "text"),
            ("weight", "Weight"),
        ],
    ),
    (
        "CandidateView",
        "A pair that someone thinks could be mapped, or not; it recognises nothing",
        &[
            ("id", "text"),
            ("key", "text"),
            ("subject", "text"),
            ("object?", "text"),
            ("relation", "Relation"),
            ("negated", "boolean"),
            ("cells", "any"),
        ],
    ),
    (
        "RecognisedBy",
        "What one mapping recognises",
        &[
            ("mapping", "MappingRef"),
            ("factor", "Factor"),
            ("uses", "[Use]"),
            ("demonstration", "boolean"),
        ],
    ),
    (
        "MatrixCell",
        "One methodology version and one region where its reductions might be used",
        &[
            ("activity", "Name"),
            ("from", "RegionCode"),
            ("methodology", "MethodologyRef"),
            ("to", "RegionCode"),
            ("state", "CellState"),
            ("recognised", "[RecognisedBy]"),
        ],
    ),
];
