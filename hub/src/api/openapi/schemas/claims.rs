//! Claims and what officers permitted.

/// Name, description, members.
pub const CLAIMS: &[super::tables::Object] = &[
    (
        "LinkedObligation",
        "A second obligation of a claim, with the officers' decision that allowed it",
        &[
            ("use", "Use"),
            ("claimant", "text"),
            ("claimant_kind", "ClaimantKind"),
            ("year", "Year"),
            ("place", "RegionCode"),
            ("permission", "MessageId"),
        ],
    ),
    (
        "LinkedPermission",
        "That reductions used for one claim also meet an obligation that the law links to it",
        &[
            ("member", "NodeId"),
            ("use", "Use"),
            ("event?", "Name"),
            ("linked_use", "Use"),
            ("claimant", "text"),
            ("claimant_kind", "ClaimantKind"),
            ("year", "Year"),
            ("place", "RegionCode"),
            ("quantity_g", "Grams"),
            ("until", "Timestamp"),
            ("reason", "text"),
        ],
    ),
    (
        "PermissionView",
        "A permission, and how much of it is used",
        &[
            ("+", "LinkedPermission"),
            ("permission", "MessageId"),
            ("state", "PermissionState"),
            ("reserved_g", "Grams"),
            ("used_g", "Grams"),
            ("left_g", "Grams"),
            ("permitted_at", "Timestamp"),
            ("log_index", "integer"),
        ],
    ),
    (
        "ClaimsQuery",
        "Which claims: all that fit every part that is given",
        &[
            ("claimant?", "text"),
            ("event?", "Name"),
            ("region?", "RegionCode"),
            ("year?", "Year"),
        ],
    ),
    (
        "ClaimSum",
        "What was claimed for one use in one accounting year",
        &[
            ("year", "Year"),
            ("use", "Use"),
            ("linked", "boolean"),
            ("claims", "integer"),
            ("quantity_g", "Grams"),
        ],
    ),
    (
        "ClaimFlag",
        "What somebody should look at among claims",
        &[
            ("kind", "ClaimFlagKind"),
            ("subject", "text"),
            ("claimant_kind?", "ClaimantKind"),
            ("use?", "Use"),
            ("year?", "Year"),
            ("claimed_g", "Grams"),
            ("limit_g?", "Grams"),
            ("count", "integer"),
        ],
    ),
    (
        "ClaimReport",
        "Claims, their linked obligations and permissions, sums by use, and what looks claimed twice",
        &[
            ("query", "ClaimsQuery"),
            ("claims", "[RetirementView]"),
            ("more", "boolean"),
            ("permissions", "[PermissionView]"),
            ("sums", "[ClaimSum]"),
            ("flags", "[ClaimFlag]"),
        ],
    ),
];
