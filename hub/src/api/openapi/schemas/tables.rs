//! The tables of schemas. A test compares them with what the protocol's types write.

/// Texts: name, description, pattern.
pub const TEXTS: &[(&str, &str, &str)] = &[
    ("NodeId", "A member id such as `wuhan`", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"),
    ("TrustDomain", "The federation, such as `tanqiao.local`", ""),
    ("MessageId", "A UUID of version 7 in lower case with hyphens", "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
    ("Sha256", "A SHA-256 hash", "^[0-9a-f]{64}$"),
    ("Name", "A name of letters, digits, `.`, `_` and `-`", "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"),
    ("RegionCode", "A division of GB/T 2260 in six digits, or a country in two letters", ""),
    ("MethodologyRef", "A methodology version such as `CN-4201-metro.v1`", "^[A-Za-z0-9][A-Za-z0-9-]{0,79}\\.v[1-9][0-9]{0,3}$"),
    ("MappingRef", "A mapping version such as `metro-wuhan-to-harbin.v1`", "^[A-Za-z0-9][A-Za-z0-9-]{0,79}\\.v[1-9][0-9]{0,3}$"),
    ("SeriesRef", "A series such as `wuhan/420100/CN-4201-metro.v1/2025`", ""),
    ("BlockRef", "Serials of a series such as `wuhan/420100/CN-4201-metro.v1/2025/1-2500`", ""),
    ("Timestamp", "A time as RFC 3339 writes it, UTC", ""),
    ("KeyId", "A key id", "^[0-9a-f]{32}$"),
    ("VerifyingKey", "A public signing key: `ed25519:<base64>` or `sm2:<base64>`", "^(ed25519|sm2):"),
];

/// Objects: name, description, members.
pub const OBJECTS: &[(&str, &str, &[(&str, &str)])] = &[
    ("Problem", "A problem document (RFC 9457)", &[
        ("type", "text"), ("title", "text"), ("status", "integer"), ("detail", "text"), ("code", "text"), ("check?", "text"),
        ("transfer?", "text"), ("blocks?", "[text]"), ("expected?", "text"), ("found?", "text"), ("path?", "text"), ("retry_after_s?", "integer"),
    ]),
    ("Envelope", "A DSSE v1 envelope; payload and signatures are base64", &[
        ("payloadType", "text"), ("payload", "text"), ("signatures", "[Signature]"),
    ]),
    ("Signature", "A signature over the pre-authentication encoding", &[("keyid?", "text"), ("sig", "text")]),
    ("Envelopes", "1 to 1,000 envelopes", &[("envelopes", "[Envelope]")]),
    ("HubInfo", "The hub", &[
        ("version", "text"), ("protocol", "integer"), ("trust_domain", "TrustDomain"), ("log_origin", "text"), ("log_public_key", "text"),
        ("log_size", "integer"), ("time", "Timestamp"), ("frozen", "boolean"), ("demonstration", "boolean"), ("limits", "Limits"),
    ]),
    ("Limits", "Limits that a client should respect", &[
        ("request_bytes_max", "integer"), ("items_per_request_max", "integer"), ("blocks_per_command_max", "integer"),
        ("blocks_per_request_max", "integer"), ("requests_per_second_max", "integer"),
    ]),
    ("KeyView", "A member's signing key", &[
        ("key_id", "KeyId"), ("key", "VerifyingKey"), ("status", "KeyStatus"), ("first_index?", "integer"), ("last_index?", "integer"),
    ]),
    ("MemberView", "A member", &[
        ("member", "NodeId"), ("region", "RegionCode"), ("kind", "MemberKind"), ("status", "MemberStatus"), ("name_zh", "text"),
        ("name_en", "text"), ("keys", "[KeyView]"),
    ]),
    ("Methodology", "A methodology version", &[
        ("methodology", "MethodologyRef"), ("region", "RegionCode"), ("title_zh", "text"), ("title_en", "text"), ("activity", "Name"),
        ("activity_unit", "text"), ("factor_g_per_unit?", "text"), ("record_g_max?", "Grams"), ("uses", "[Use]"), ("in_force_from", "Timestamp"),
        ("in_force_until?", "Timestamp"), ("vintage_first", "Year"), ("vintage_last", "Year"), ("source", "text"),
    ]),
    ("MethodologyView", "A published methodology version", &[("publisher", "NodeId"), ("+", "Methodology")]),
    ("MappingRecord", "A mapping version", &[
        ("mapping", "MappingRef"), ("origin", "MethodologyRef"), ("to", "RegionCode"), ("endorsed_by", "NodeId"), ("counterpart?", "MethodologyRef"),
        ("predicate", "Predicate"), ("factor", "Factor"), ("buffer", "Factor"), ("uses", "[Use]"), ("cap_g?", "Grams"), ("valid_from", "Timestamp"),
        ("valid_until", "Timestamp"), ("reason_zh", "text"), ("reason_en", "text"), ("demonstration", "boolean"),
    ]),
    ("MappingView", "A mapping version and whether it recognises", &[("status", "MappingStatus"), ("given_g", "Grams"), ("+", "MappingRecord")]),
    ("LotQuote", "What recognition does with one lot", &[
        ("series", "SeriesRef"), ("mapping?", "MappingRef"), ("given_g", "Grams"), ("delivered_g", "Grams"), ("buffered_g", "Grams"),
        ("cancelled_g", "Grams"), ("paid_before", "Factor"), ("paid_after", "Factor"), ("uses", "[Use]"),
    ]),
    ("Quote", "What recognition does", &[
        ("quote", "Sha256"), ("to", "RegionCode"), ("use", "Use"), ("lots", "[LotQuote]"), ("given_g", "Grams"), ("delivered_g", "Grams"),
        ("buffered_g", "Grams"), ("cancelled_g", "Grams"), ("explanation_zh", "text"), ("explanation_en", "text"),
    ]),
    ("BlockTerms", "What recognition has fixed for a block", &[
        ("buffered", "boolean"), ("factor_paid", "Factor"), ("issuance", "MessageId"), ("mapping?", "MappingRef"), ("uses", "[Use]"),
    ]),
    ("BlockView", "A block", &[
        ("block", "BlockRef"), ("quantity_g", "Grams"), ("holder", "NodeId"), ("state", "BlockState"), ("bound_to?", "MessageId"),
        ("terms", "BlockTerms"), ("log_index", "integer"),
    ]),
    ("BlockStatus", "Holder and state", &[
        ("bound_to?", "MessageId"), ("holder", "NodeId"), ("state", "BlockState"), ("state_before?", "BlockState"),
    ]),
    ("BlockChange", "A block after a change, beside what it was", &[
        ("block", "BlockRef"), ("from?", "BlockStatus"), ("split_of?", "text"), ("terms?", "BlockTerms"), ("to", "BlockStatus"),
    ]),
    ("Leaf", "A leaf of the transparency log", &[
        ("at", "Timestamp"), ("caps?", "[any]"), ("changes?", "[BlockChange]"), ("data?", "any"), ("index", "integer"), ("member?", "NodeId"),
        ("officers?", "[Name]"), ("part?", "integer"), ("parts?", "integer"), ("payload_sha256?", "Sha256"), ("room?", "any"), ("state?", "text"),
        ("subject", "text"), ("type", "text"), ("v", "integer"),
    ]),
    ("BlocksFound", "Blocks; with `serial` the leaves that changed it as well", &[("items", "[BlockView]"), ("next?", "text"), ("life?", "[Leaf]")]),
    ("Listing", "What a member exposes", &[
        ("listing", "Name"), ("series", "SeriesRef"), ("quantity_g", "Grams"), ("uses", "[Use]"), ("smallest_lot_g", "Grams"),
        ("price_fen_per_t?", "integer"),
    ]),
    ("CreditView", "Who offers what", &[("member", "NodeId"), ("activity", "Name"), ("recognised?", "Quote"), ("+", "Listing")]),
    ("CheckRun", "A check that ran, and what it saw", &[("check", "text"), ("saw?", "text")]),
    ("Price", "A price, for the record only", &[("amount_fen", "Grams"), ("reference?", "Name")]),
    ("TransferView", "A transfer", &[
        ("transfer", "MessageId"), ("source", "NodeId"), ("target", "NodeId"), ("state", "TransferState"), ("use", "Use"), ("blocks", "[BlockRef]"),
        ("quote", "Quote"), ("payload_sha256", "Sha256"), ("valid_until", "Timestamp"), ("price?", "Price"), ("proposed_at", "Timestamp"),
        ("ended_at?", "Timestamp"), ("reason?", "text"), ("delayed_until?", "Timestamp"), ("checks", "[CheckRun]"), ("log_index", "integer"),
        ("end_log_index?", "integer"),
    ]),
    ("DonationView", "A donation", &[
        ("donation", "MessageId"), ("event", "Name"), ("donor", "NodeId"), ("state", "DonationState"), ("blocks", "[BlockRef]"), ("quote", "Quote"),
        ("valid_until", "Timestamp"), ("proposed_at", "Timestamp"), ("ended_at?", "Timestamp"), ("reason?", "text"), ("checks", "[CheckRun]"),
        ("log_index", "integer"), ("end_log_index?", "integer"),
    ]),
    ("Claim", "Who uses retired blocks for what, in which year", &[
        ("claimant", "text"), ("claimant_kind", "ClaimantKind"), ("use", "Use"), ("year", "Year"), ("place", "RegionCode"), ("statement?", "text"),
    ]),
    ("RetirementView", "A retirement", &[
        ("retirement", "MessageId"), ("member", "NodeId"), ("blocks", "[BlockRef]"), ("quantity_g", "Grams"), ("claim", "Claim"),
        ("retired_at", "Timestamp"), ("log_index", "integer"),
    ]),
    ("PledgeView", "A pledge", &[
        ("pledge", "MessageId"), ("debtor", "NodeId"), ("pledgee", "NodeId"), ("state", "PledgeState"), ("blocks", "[BlockRef]"),
        ("reference", "Name"), ("term", "Timestamp"), ("foreclosure_requested", "boolean"), ("log_index", "integer"),
    ]),
    ("Verification", "A verification report", &[("body", "text"), ("report_sha256", "Sha256"), ("verified_at", "Timestamp")]),
    ("Issuance", "The header of an issuance", &[
        ("methodology", "MethodologyRef"), ("region_of_act", "RegionCode"), ("vintage", "Year"), ("quantity_g", "Grams"), ("verified_g", "Grams"),
        ("activity_count", "integer"), ("activity_total", "text"), ("period_from", "Timestamp"), ("period_until", "Timestamp"),
        ("rights_basis?", "RightsBasis"), ("verification?", "Verification"), ("records_root", "Sha256"), ("local_reference", "Name"),
        ("other_schemes?", "[Name]"),
    ]),
    ("IssuanceView", "An issuance", &[
        ("issuance", "MessageId"), ("issuer", "NodeId"), ("state", "IssuanceState"), ("unscreened", "boolean"), ("blocks", "[BlockRef]"),
        ("content", "Issuance"), ("log_index", "integer"),
    ]),
    ("InventoryItem", "A category of an event's emissions", &[("category", "Name"), ("quantity_g", "Grams"), ("source", "text")]),
    ("DonationPolicy", "What the organiser accepts at once", &[
        ("accept_at_once", "boolean"), ("donors", "[NodeId]"), ("activities", "[Name]"), ("vintage_first?", "Year"),
    ]),
    ("EventPlan", "An event as its organiser plans it", &[
        ("event", "Name"), ("title_zh", "text"), ("title_en", "text"), ("organiser", "Name"), ("region", "RegionCode"), ("starts_at", "Timestamp"),
        ("ends_at", "Timestamp"), ("donations_until", "Timestamp"), ("inventory", "[InventoryItem]"), ("policy", "DonationPolicy"),
    ]),
    ("EventView", "An event and its room", &[
        ("state", "EventState"), ("inventory_basis", "InventoryBasis"), ("target_g", "Grams"), ("reserved_g", "Grams"), ("committed_g", "Grams"),
        ("room_g", "Grams"), ("+", "EventPlan"),
    ]),
    ("Certificate", "What was retired for whom, and where the log says so", &[
        ("certificate", "MessageId"), ("trust_domain", "TrustDomain"), ("member", "NodeId"), ("donor?", "text"), ("claim", "Claim"),
        ("blocks", "[BlockRef]"), ("quantity_g", "Grams"), ("given_g", "Grams"), ("buffered_g", "Grams"), ("cancelled_g", "Grams"),
        ("committed_at", "Timestamp"), ("log_index", "integer"), ("log_origin", "text"), ("leaf_hash", "Sha256"), ("uses", "[Use]"),
        ("unscreened", "boolean"),
    ]),
    ("Outcome", "What a command did", &[
        ("subject", "text"), ("state?", "text"), ("log_index", "integer"), ("at", "Timestamp"), ("delivered_g?", "Grams"), ("buffered_g?", "Grams"),
        ("cancelled_g?", "Grams"), ("blocks?", "[BlockRef]"),
    ]),
    ("ItemResult", "The answer to one item", &[("id?", "MessageId"), ("status", "integer"), ("outcome?", "Outcome"), ("problem?", "Problem")]),
    ("Results", "One result an item, in the order of the request", &[("results", "[ItemResult]")]),
    ("FeedEntry", "An entry of the feed", &[
        ("at", "Timestamp"), ("body?", "any"), ("chain", "Sha256"), ("changes?", "[BlockChange]"), ("digest?", "Sha256"), ("log_index", "integer"),
        ("seq", "Sequence"), ("subject", "text"), ("type", "text"),
    ]),
    ("FeedPage", "Entries after a cursor, in order", &[("entries", "[FeedEntry]"), ("latest", "Sequence")]),
    ("EnrolmentRequest", "A request to join", &[("member", "NodeId"), ("code", "text"), ("csr_pem", "text"), ("signing_key", "VerifyingKey")]),
    ("EnrolmentView", "How far an enrolment is", &[
        ("id", "text"), ("status", "EnrolmentStatus"), ("certificate_pem?", "text"), ("ca_pem?", "text"), ("log_public_key?", "text"),
    ]),
    ("Renewal", "A certificate signing request for the next certificate", &[("csr_pem", "text")]),
    ("Renewed", "The next certificate", &[("certificate_pem", "text"), ("ca_pem", "text"), ("not_after", "text")]),
    ("Health", "What was checked", &[("status", "text"), ("checks?", "any")]),
    ("Statistics", "Totals over the whole ledger", &[
        ("issued_g", "integer"), ("by_state_g", "any"), ("members", "integer"), ("transfers_committed", "integer"),
        ("donations_committed", "integer"), ("donated_g", "integer"), ("log_size", "integer"),
    ]),
];
