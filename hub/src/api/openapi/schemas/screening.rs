//! Schemas of screening, conflicts and debts.

use super::tables::Object;

/// Uploads, token keys, conflicts, debts.
pub const SCREENING: &[Object] = &[
    (
        "TokenCommitment",
        "What the header of an issuance says of its token stream",
        &[
            ("root", "Sha256"),
            ("stream_bytes", "integer"),
            ("token_count", "integer"),
            ("first_epoch", "text"),
            ("last_epoch", "text"),
            ("suite", "TokenSuite"),
        ],
    ),
    (
        "UploadView",
        "How much of a token stream is here",
        &[
            ("issuance", "MessageId"),
            ("offset", "integer"),
            ("stream_bytes", "integer"),
            ("complete", "boolean"),
        ],
    ),
    (
        "HeldCounts",
        "What was held back of an issuance: what waits, and what was refused",
        &[
            ("waiting", "integer"),
            ("waiting_g", "Grams"),
            ("refused", "integer"),
            ("refused_g", "Grams"),
        ],
    ),
    (
        "HeldView",
        "An activity that was held back",
        &[
            ("index", "integer"),
            ("quantity_g", "Grams"),
            ("state", "ActivityState"),
            ("block?", "BlockRef"),
        ],
    ),
    (
        "EvaluatorKey",
        "One evaluator's part in the keys of a month",
        &[("id", "NodeId"), ("number", "integer"), ("public_key", "text")],
    ),
    (
        "EpochView",
        "The token keys of a month",
        &[
            ("epoch", "text"),
            ("suite", "TokenSuite"),
            ("threshold", "integer"),
            ("public_key", "text"),
            ("evaluators", "[EvaluatorKey]"),
            ("opens_at", "Timestamp"),
            ("closes_at", "Timestamp"),
            ("log_index", "integer"),
        ],
    ),
    (
        "ConflictSide",
        "One side of a conflict",
        &[("member", "NodeId"), ("issuance", "MessageId"), ("index", "integer")],
    ),
    (
        "ConflictStatement",
        "What one side said",
        &[
            ("member", "NodeId"),
            ("at", "Timestamp"),
            ("statement", "text"),
            ("concede", "boolean"),
            ("log_index", "integer"),
        ],
    ),
    (
        "ConflictView",
        "A conflict",
        &[
            ("conflict", "MessageId"),
            ("state", "ConflictState"),
            ("earlier", "ConflictSide"),
            ("later", "ConflictSide"),
            ("kinds", "[TokenKind]"),
            ("quantity_g", "Grams"),
            ("rule", "ConflictOutcome"),
            ("deadline", "Timestamp"),
            ("outcome?", "ConflictOutcome"),
            ("reason?", "text"),
            ("resolved_at?", "Timestamp"),
            ("evidence?", "[ConflictStatement]"),
            ("log_index", "integer"),
        ],
    ),
    (
        "DebtView",
        "What a member owes for what it lost",
        &[
            ("debt", "MessageId"),
            ("member", "NodeId"),
            ("quantity_g", "Grams"),
            ("covered_g", "Grams"),
            ("log_index", "integer"),
        ],
    ),
];
