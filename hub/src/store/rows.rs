//! The rows of the hub's tables. What the columns mean is written where the tables are made, in `migrations/hub/`.

use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use crate::store::row::row;

row!(HeadRow in "log_head", key "id", {
    id: SmallInt => i16, size: BigInt => i64, time_us: BigInt => i64, governance_version: BigInt => i64, frozen: Bool => bool,
    series_count: BigInt => i64, member_count: Integer => i32, mapping_count: Integer => i32, chain: Binary => Vec<u8>,
});
row!(LeafRow in "leaf", key "idx", { idx: BigInt => i64, bytes: Binary => Vec<u8> });
row!(LogCheckpointRow in "log_checkpoint", key "size", {
    size: BigInt => i64, root: Binary => Vec<u8>, note: Nullable<Text> => Option<String>, claimed_at: BigInt => i64,
    published_at: Nullable<BigInt> => Option<i64>,
});
row!(LogWitnessRow in "log_witness", key "member_no", {
    member_no: Integer => i32, candidate: Nullable<Text> => Option<String>, admitted: Nullable<Text> => Option<String>,
    log_index: BigInt => i64,
});
row!(LogRulesRow in "log_rules", key "id", { id: SmallInt => i16, content: Text => String });
row!(LogCosignatureRow in "log_cosignature", key "member_no, size", {
    member_no: Integer => i32, size: BigInt => i64, witness_key: Text => String, cosigned_at: BigInt => i64, note: Text => String,
});
row!(MemberRow in "member", key "no", {
    no: Integer => i32, id: Text => String, region: Text => String, kind: SmallInt => i16, status: SmallInt => i16,
    name_zh: Text => String, name_en: Text => String,
});
row!(MemberKeyRow in "member_key", key "key_id", {
    key_id: Text => String, member_no: Integer => i32, public_key: Text => String, status: SmallInt => i16,
    first_index: Nullable<BigInt> => Option<i64>, last_index: Nullable<BigInt> => Option<i64>,
    distrusted_from: Nullable<BigInt> => Option<i64>,
});
row!(OfficerRow in "officer", key "account", {
    account: Text => String, role: SmallInt => i16, password_hash: Text => String, active: Bool => bool,
});
row!(PolicyRow in "policy", key "id", { id: SmallInt => i16, content: Text => String });
row!(MethodologyRow in "methodology", key "reference", {
    reference: Text => String, publisher_no: Integer => i32, content: Text => String, log_index: BigInt => i64,
});
row!(SheetRow in "sheet", key "reference, revision", {
    reference: Text => String, revision: Integer => i32, publisher_no: Nullable<Integer> => Option<i32>, content: Text => String,
    sha256: Binary => Vec<u8>, published_at: BigInt => i64, log_index: BigInt => i64,
});
row!(FactorRecordRow in "factor_record", key "id", { id: Text => String, content: Text => String });
row!(TokenEpochRow in "token_epoch", key "epoch", { epoch: Integer => i32, content: Text => String });
row!(RegistryRow in "registry", key "member_no", { member_no: Integer => i32, content: Text => String });
row!(MappingRow in "mapping", key "no", {
    no: Integer => i32, reference: Text => String, status: SmallInt => i16, content: Text => String, log_index: BigInt => i64,
});
row!(ExplanationRow in "mapping_explanation", key "mapping_no", { mapping_no: Integer => i32, content: Text => String });
row!(CommentRow in "mapping_comment", key "mapping_no, log_index", {
    mapping_no: Integer => i32, log_index: BigInt => i64, content: Text => String,
});
row!(CandidateRow in "mapping_candidate", key "id", {
    id: Text => String, set_id: Text => String, subject: Text => String, object: Nullable<Text> => Option<String>,
    content: Text => String, log_index: BigInt => i64,
});
row!(AssetRow in "asset", key "asset, member_no", {
    asset: Text => String, member_no: Integer => i32, state: SmallInt => i16, revision: Integer => i32, activity: Text => String,
    region: Text => String, content: Text => String, revised_at: BigInt => i64, revision_index: BigInt => i64, log_index: BigInt => i64,
});
row!(AssetRevisionRow in "asset_revision", key "log_index", {
    log_index: BigInt => i64, asset: Text => String, member_no: Integer => i32, revision: Integer => i32, activity: Text => String,
    west: Integer => i32, south: Integer => i32, east: Integer => i32, north: Integer => i32, content: Text => String,
});
row!(AssetIssuanceRow in "asset_issuance", key "asset, issuance", { asset: Text => String, issuance: Binary => Vec<u8> });
row!(SchemeEntryRow in "scheme_entry", key "scheme, reference", {
    scheme: SmallInt => i16, reference: Text => String, asset: Nullable<Text> => Option<String>, activity: Text => String,
    west: Nullable<Integer> => Option<i32>, south: Nullable<Integer> => Option<i32>, east: Nullable<Integer> => Option<i32>,
    north: Nullable<Integer> => Option<i32>, content: Text => String, log_index: BigInt => i64,
});
row!(AssetConflictRow in "asset_conflict", key "id", {
    id: BigInt => i64, kind: SmallInt => i16, state: SmallInt => i16, asset: Text => String, member_no: Integer => i32,
    other_asset: Nullable<Text> => Option<String>, other_member_no: Nullable<Integer> => Option<i32>,
    scheme: Nullable<SmallInt> => Option<i16>, reference: Nullable<Text> => Option<String>, content: Text => String,
    log_index: BigInt => i64,
});
row!(CapRow in "mapping_cap", key "mapping_no, year", {
    mapping_no: Integer => i32, year: Integer => i32, cap_g: Nullable<BigInt> => Option<i64>, reserved_g: BigInt => i64,
    committed_g: BigInt => i64,
});
row!(SeriesRow in "series", key "no", { no: BigInt => i64, reference: Text => String, issued: BigInt => i64 });
row!(BlockRow in "block", key "series_no, first", {
    series_no: BigInt => i64, first: BigInt => i64, last: BigInt => i64, holder: Integer => i32, state: SmallInt => i16,
    state_before: Nullable<SmallInt> => Option<i16>, bound_to: Nullable<Binary> => Option<Vec<u8>>, issuance: Binary => Vec<u8>,
    uses: SmallInt => i16, mapping_no: Nullable<Integer> => Option<i32>, factor_paid: Integer => i32, buffered: Bool => bool,
    log_index: BigInt => i64,
});
row!(MessageRow in "message", key "id, member_no", {
    member_no: Integer => i32, id: Binary => Vec<u8>, payload_sha256: Binary => Vec<u8>, action: SmallInt => i16,
    status: SmallInt => i16, answer: Text => String, envelope_sha256: Nullable<Binary> => Option<Vec<u8>>,
    item: Nullable<Integer> => Option<i32>, digest: Nullable<Binary> => Option<Vec<u8>>,
});
row!(EnvelopeRow in "envelope", key "sha256", {
    sha256: Binary => Vec<u8>, member_no: Integer => i32, payload_type: Text => String, payload: Binary => Vec<u8>,
    signatures: Text => String, digest: Nullable<Binary> => Option<Vec<u8>>,
});
row!(IssuanceRow in "issuance", key "id", {
    id: Binary => Vec<u8>, member_no: Integer => i32, local_reference: Text => String, records_root: Binary => Vec<u8>,
    state: SmallInt => i16, unscreened: Bool => bool, series_no: Nullable<BigInt> => Option<i64>, first: Nullable<BigInt> => Option<i64>,
    last: Nullable<BigInt> => Option<i64>, content: Text => String, log_index: BigInt => i64, registered_at: BigInt => i64,
    waiting: BigInt => i64, waiting_g: BigInt => i64, refused: BigInt => i64, refused_g: BigInt => i64,
    reversed_g: BigInt => i64,
});
row!(ScreeningRunRow in "screening_run", key "run", {
    run: Integer => i32, issuance: Binary => Vec<u8>, attempt: Binary => Vec<u8>, named_log_index: BigInt => i64,
});
row!(AttemptRow in "screening_attempt", key "attempt", { attempt: Binary => Vec<u8> });
row!(ScreeningKeyRow in "screening_key", key "id", { id: SmallInt => i16, mark: Binary => Vec<u8> });
row!(PageRow in "issuance_page", key "attempt, first_index", {
    attempt: Binary => Vec<u8>, first_index: BigInt => i64, before_g: BigInt => i64, content: Binary => Vec<u8>,
});
row!(PositionRow in "activity_position", key "issuance, idx", {
    issuance: Binary => Vec<u8>, idx: BigInt => i64, before_g: BigInt => i64, grams: BigInt => i64,
});
row!(ContestedRow in "contested_activity", key "issuance, idx", {
    issuance: Binary => Vec<u8>, idx: BigInt => i64, quantity_g: BigInt => i64, state: SmallInt => i16,
    first: Nullable<BigInt> => Option<i64>, last: Nullable<BigInt> => Option<i64>,
    successor_issuance: Nullable<Binary> => Option<Vec<u8>>, successor_idx: Nullable<BigInt> => Option<i64>,
});
row!(TokenOwnerRow in "token_owner", key "epoch, token, kind", {
    epoch: Integer => i32, token: Binary => Vec<u8>, kind: SmallInt => i16, issuance: Binary => Vec<u8>, idx: BigInt => i64,
});
row!(TokenShareRow in "token_share", key "epoch, token, kind, attempt, idx", {
    epoch: Integer => i32, token: Binary => Vec<u8>, kind: SmallInt => i16, attempt: Binary => Vec<u8>, idx: BigInt => i64,
});
row!(ConflictRow in "conflict", key "id", {
    id: Binary => Vec<u8>, earlier_no: Integer => i32, earlier_issuance: Binary => Vec<u8>, earlier_idx: BigInt => i64,
    later_no: Integer => i32, later_issuance: Binary => Vec<u8>, later_idx: BigInt => i64, state: SmallInt => i16,
    opened_at: BigInt => i64, deadline: BigInt => i64, outcome: Nullable<SmallInt> => Option<i16>,
    resolved_at: Nullable<BigInt> => Option<i64>, content: Text => String, log_index: BigInt => i64,
    end_log_index: Nullable<BigInt> => Option<i64>,
});
row!(StatementRow in "conflict_statement", key "conflict, log_index", {
    conflict: Binary => Vec<u8>, log_index: BigInt => i64, member_no: Integer => i32, said_at: BigInt => i64,
    concede: Bool => bool, statement: Text => String,
});
row!(DebtRow in "debt", key "id", {
    id: Binary => Vec<u8>, member_no: Integer => i32, quantity_g: BigInt => i64, covered_g: BigInt => i64, log_index: BigInt => i64,
});
row!(TransferRow in "transfer", key "id", {
    id: Binary => Vec<u8>, source_no: Integer => i32, target_no: Integer => i32, state: SmallInt => i16, purpose: SmallInt => i16,
    valid_until: BigInt => i64, delayed_until: Nullable<BigInt> => Option<i64>, cap_year: Integer => i32,
    payload_sha256: Binary => Vec<u8>, proposed_at: BigInt => i64, ended_at: Nullable<BigInt> => Option<i64>,
    reason: Nullable<Text> => Option<String>, log_index: BigInt => i64, end_log_index: Nullable<BigInt> => Option<i64>,
    content: Text => String,
});
row!(DealingRow in "dealing", key "source_no, target_no", {
    source_no: Integer => i32, target_no: Integer => i32, first_index: BigInt => i64,
});
row!(EventRow in "event", key "name", {
    name: Text => String, state: SmallInt => i16, basis: SmallInt => i16, target_g: BigInt => i64, ceiling_g: BigInt => i64,
    reserved_g: BigInt => i64, committed_g: BigInt => i64, content: Text => String, log_index: BigInt => i64,
});
row!(DonationRow in "donation", key "id", {
    id: Binary => Vec<u8>, event: Text => String, donor_no: Integer => i32, state: SmallInt => i16, valid_until: BigInt => i64,
    cap_year: Integer => i32, payload_sha256: Binary => Vec<u8>, proposed_at: BigInt => i64,
    ended_at: Nullable<BigInt> => Option<i64>, reason: Nullable<Text> => Option<String>, log_index: BigInt => i64,
    end_log_index: Nullable<BigInt> => Option<i64>, content: Text => String,
});
row!(RetirementRow in "retirement", key "id", {
    id: Binary => Vec<u8>, member_no: Integer => i32, quantity_g: BigInt => i64, claim: Text => String, blocks: Text => String,
    retired_at: BigInt => i64, log_index: BigInt => i64,
});
row!(ChallengeRow in "challenge", key "id", {
    id: Binary => Vec<u8>, issuance: Binary => Vec<u8>, member_no: Integer => i32, state: SmallInt => i16, opened_at: BigInt => i64,
    answer_until: BigInt => i64, ended_at: Nullable<BigInt> => Option<i64>, answer_envelope: Nullable<Binary> => Option<Vec<u8>>,
    sealed_kept: Bool => bool, content: Text => String, log_index: BigInt => i64,
});
row!(ReconciliationRow in "reconciliation", key "id", {
    id: Binary => Vec<u8>, member_no: Integer => i32, state: SmallInt => i16, started_at: BigInt => i64,
    ended_at: Nullable<BigInt> => Option<i64>, content: Text => String, log_index: BigInt => i64,
});
row!(ReportRow in "reconciliation_report", key "id", {
    id: Binary => Vec<u8>, report: Binary => Vec<u8>, received_at: BigInt => i64, examined: Bool => bool,
});
row!(ContradictionRow in "contradiction", key "reconciliation", {
    reconciliation: Binary => Vec<u8>, open: Bool => bool, content: Text => String,
});
row!(ClaimRow in "claim", key "retirement, part", {
    retirement: Binary => Vec<u8>, part: SmallInt => i16, member_no: Integer => i32, claimant: Text => String,
    claimant_kind: SmallInt => i16, purpose: SmallInt => i16, year: Integer => i32, place: Text => String, quantity_g: BigInt => i64,
    permission: Nullable<Binary> => Option<Vec<u8>>,
});
row!(PermissionRow in "linked_permission", key "id", {
    id: Binary => Vec<u8>, member_no: Integer => i32, state: SmallInt => i16, quantity_g: BigInt => i64, reserved_g: BigInt => i64,
    used_g: BigInt => i64, content: Text => String, permitted_at: BigInt => i64, log_index: BigInt => i64,
});
row!(PledgeRow in "pledge", key "id", {
    id: Binary => Vec<u8>, debtor_no: Integer => i32, pledgee_no: Integer => i32, state: SmallInt => i16,
    foreclosure_requested: Bool => bool, content: Text => String, log_index: BigInt => i64,
});
row!(ListingRow in "listing", key "member_no, name", {
    member_no: Integer => i32, name: Text => String, series_no: BigInt => i64, quantity_g: BigInt => i64, content: Text => String,
    log_index: BigInt => i64,
});
row!(FeedHeadRow in "feed_head", key "member_no", {
    member_no: Integer => i32, seq: BigInt => i64, chain: Binary => Vec<u8>, lattice: Binary => Vec<u8>,
});
row!(FeedRow in "feed_entry", key "member_no, seq", {
    member_no: Integer => i32, seq: BigInt => i64, chain: Binary => Vec<u8>, bytes: Binary => Vec<u8>,
});
