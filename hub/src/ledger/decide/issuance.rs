//! Issuance: the hub numbers serials itself, so that two blocks cannot overlap.

use rust_decimal::Decimal;
use serde_json::json;
use tanqiao_protocol::asset::Exclusivity;
use tanqiao_protocol::block::Block;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::fingerprint::{Epoch, TOKENS_PER_ACTIVITY_MAX, stream_bytes};
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::message::{Issuance as Header, Methodology};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::transfer::IssuanceState;
use tanqiao_protocol::view::{HeldCounts, MemberKind, Outcome};

use super::epoch;
use super::loss::check_debts;
use super::screening;
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::Issuance;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// The most issuances of a member that may be without a result at once.
pub const WAITING_MAX: u32 = 64;
/// The most activities of one issuance that is screened: about two gigabytes of tokens.
const ACTIVITIES_MAX: u32 = 20_000_000;

/// The series of an issuance: issuer, region of the act, methodology version, vintage.
pub(in crate::ledger) fn series_of(member: &tanqiao_protocol::id::NodeId, header: &Header) -> Decided<SeriesRef> {
    SeriesRef::new(
        member.clone(),
        header.region_of_act,
        header.methodology.clone(),
        header.vintage,
    )
    .map_err(|error| Refusal::new(CheckCode::S03, error.to_string()).into())
}

/// S01 to S03: the rule is known, the issuer's own, in force, and covers the vintage and the region.
fn check_rule(working: &Working, signed: &Signed, header: &Header) -> Decided<Methodology> {
    let published = working
        .governance
        .methodologies
        .get(&header.methodology)
        .ok_or_else(|| {
            Refusal::new(
                CheckCode::S01,
                format!("Methodology {} is not published. Publish it first.", header.methodology),
            )
        })?;
    ensure(published.publisher == signed.member, || {
        Refusal::new(
            CheckCode::N05,
            "A member issues by its own region's methodologies only.",
        )
    })?;
    let rule = &published.content;
    let in_force =
        header.period_from >= rule.in_force_from && rule.in_force_until.is_none_or(|until| header.period_until < until);
    ensure(
        in_force && header.period_from <= header.period_until && header.period_until <= working.now,
        || {
            Refusal::new(CheckCode::S02, "The period of the activities must lie in the past and within the time in which the methodology is in force.")
            .expected(format!("from {}", rule.in_force_from), format!("{} to {}", header.period_from, header.period_until))
        },
    )?;
    ensure(
        (rule.vintage_first..=rule.vintage_last).contains(&header.vintage),
        || {
            Refusal::new(CheckCode::S03, "The vintage is outside the methodology's window.").expected(
                format!("{} to {}", rule.vintage_first, rule.vintage_last),
                header.vintage,
            )
        },
    )?;
    let years = header.period_from.china_year()..=header.period_until.china_year();
    ensure(
        years.contains(&i32::from(header.vintage)) && years.start() == years.end(),
        || {
            Refusal::new(
                CheckCode::S03,
                "All activities of an issuance fall in its vintage year (UTC+8). Register one issuance a year.",
            )
        },
    )?;
    let covered = rule.region.contains(&header.region_of_act) || !rule.region.is_chinese_division();
    ensure(
        covered
            && header.region_of_act.is_chinese_division()
                == (rule.region.as_str() == "CN" || rule.region.is_chinese_division()),
        || {
            Refusal::new(
                CheckCode::S01,
                "The region of the act is outside the methodology's region. Name a GB/T 2260 division inside it.",
            )
            .expected(rule.region, header.region_of_act)
        },
    )?;
    Ok(rule.clone())
}

/// S04, S05, S13, S14, S16: rights, verification, declarations.
fn check_papers(header: &Header) -> Decided<()> {
    let refuse = |check, detail: &str| Err(Refusal::new(check, detail).into());
    if header.rights_basis.is_none() {
        return refuse(
            CheckCode::S04,
            "Name the rights basis: without transferred rights a reduction cannot be recognised.",
        );
    }
    if header.verification.is_none() {
        return refuse(
            CheckCode::S05,
            "Name the verification body and the SHA-256 of its report.",
        );
    }
    match &header.other_schemes {
        None => {
            return refuse(
                CheckCode::S14,
                "Declare the other schemes that the activities take part in, if only as an empty list.",
            );
        }
        Some(schemes) => {
            let matrix = Exclusivity::shipped();
            let excluding = schemes.iter().filter(|scheme| matrix.excludes_inclusion(scheme));
            let names: Vec<&str> = excluding.map(tanqiao_protocol::id::Name::as_str).collect();
            ensure(names.is_empty(), || {
                Refusal::new(
                    CheckCode::S13,
                    "The same reduction may not be credited in another scheme that excludes carbon inclusion.",
                )
                .expected("none that excludes it", names.join(", "))
            })?;
        }
    }
    ensure(header.quantity_g <= header.verified_g, || {
        Refusal::new(CheckCode::S16, "More is to be issued than was verified.")
            .expected(header.verified_g.get(), header.quantity_g.get())
    })?;
    ensure(!header.quantity_g.is_zero() && header.activity_count > 0, || {
        Refusal::new(CheckCode::M02, "`quantity_g` and `activity_count` must be at least 1.")
    })
}

/// S06, S07: what is stated must follow from the activity data, and be plausible.
fn check_quantity(rule: &Methodology, header: &Header) -> Decided<()> {
    let schema = |field: &str| {
        Refusal::new(
            CheckCode::M02,
            format!("`{field}` must be an exact decimal above 0, such as \"12.5\"."),
        )
    };
    let decimal = |text: &str, field: &str| {
        Decimal::from_str_exact(text)
            .ok()
            .filter(|d| d.is_sign_positive() && !d.is_zero())
            .ok_or_else(|| schema(field))
    };
    let total = decimal(&header.activity_total, "activity_total")?;
    if let Some(factor) = &rule.factor_g_per_unit {
        let factor = decimal(factor, "factor_g_per_unit")?;
        // Each record is rounded down by itself, so that the sum lies less than one gram a record below the total.
        let exact = total.checked_mul(factor).ok_or_else(|| schema("activity_total"))?;
        let stated = Decimal::from(header.quantity_g.get());
        let least = exact - Decimal::from(header.activity_count);
        ensure(stated <= exact && stated > least, || {
            Refusal::new(CheckCode::S06, "Activity × factor does not give the stated reduction. Quantify again: each record rounded down to whole grams, then added.")
                .expected(format!("above {} and at most {} g", least.normalize(), exact.normalize()), format!("{stated} g"))
        })?;
    }
    if let Some(most) = rule.record_g_max {
        let bound = i128::from(most.get()) * i128::from(header.activity_count);
        ensure(i128::from(header.quantity_g.get()) <= bound, || {
            Refusal::new(
                CheckCode::S07,
                "The reduction a record is above the plausible range of this activity.",
            )
            .expected(format!("at most {bound} g"), format!("{} g", header.quantity_g.get()))
        })?;
    }
    Ok(())
}

/// S11, S15: the same records, and the same local reference, serve one issuance of a member.
fn check_unique(working: &Working, signed: &Signed, header: &Header) -> Decided<()> {
    let reference = (signed.member.clone(), header.local_reference.clone());
    if let Some(other) = working.local_references.get(&reference)? {
        return Err(Refusal::new(
            CheckCode::S15,
            "This local reference was used already: it is unique per node.",
        )
        .expected("a new reference", other)
        .into());
    }
    let root = (signed.member.clone(), header.records_root);
    if let Some(other) = working.records_roots.get(&root)? {
        return Err(Refusal::new(
            CheckCode::S11,
            "These activity records were issued already, by the issuance named here: the same records are issued once.",
        )
        .expected("records that were not issued", other)
        .into());
    }
    Ok(())
}

/// Registers an issuance. With a token stream to come it waits for it; without one it is recognised at once, where the
/// policy permits that, and is marked unscreened for good.
pub fn register(working: &mut Working, command: &Command, signed: &Signed, header: &Header) -> Decided<Outcome> {
    check_has_node(working, &signed.member)?;
    check_debts(working, &signed.member)?;
    let rule = check_rule(working, signed, header)?;
    check_papers(header)?;
    check_quantity(&rule, header)?;
    check_tokens(working, header)?;
    if header.tokens.is_some() {
        check_waiting(working, &signed.member)?;
    }
    check_unique(working, signed, header)?;
    super::assets::check_assets(working, command.id, signed, header)?;
    let id = command.id;
    let mut issuance = Issuance {
        id,
        issuer: signed.member.clone(),
        state: IssuanceState::Registered,
        unscreened: header.tokens.is_none(),
        block: None,
        held: HeldCounts::default(),
        reversed: Grams::ZERO,
        registered_at: working.now,
        content: header.clone(),
        log_index: working.next_index(),
    };
    // Refused before anything is written, where the series is full.
    let unscreened = if issuance.unscreened {
        Some(screening::next_block(working, &issuance, header.quantity_g)?)
    } else {
        None
    };
    issuance.log_index = working.carry_out(Step {
        r#type: "issuance.registered",
        subject: screening::subject(id),
        state: Some(IssuanceState::Registered.word()),
        data: json!({ "header": header }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        ..Step::default()
    })?;
    let member = || signed.member.clone();
    working
        .local_references
        .put((member(), header.local_reference.clone()), id);
    working.records_roots.put((member(), header.records_root), id);
    if let Some(block) = unscreened {
        return recognise_unscreened(working, command, issuance, block);
    }
    let log_index = issuance.log_index;
    *working.waiting_of.get_mut(&signed.member)? += 1;
    working.issuances.put(id, issuance);
    Ok(working.outcome(
        screening::subject(id),
        Some(IssuanceState::Registered.word()),
        log_index,
    ))
}

/// N05: a party and an evaluator have no node that could be told what became of an issuance.
fn check_has_node(working: &Working, member: &tanqiao_protocol::id::NodeId) -> Decided<()> {
    let kind = working.governance.members.get(member).map(|member| member.kind);
    ensure(kind.is_some_and(MemberKind::has_node), || {
        Refusal::new(CheckCode::N05, "Only a region's or an enterprise's node issues.")
    })
}

/// S17: whoever registers without end keeps everybody behind it waiting.
fn check_waiting(working: &Working, member: &tanqiao_protocol::id::NodeId) -> Decided<()> {
    let waiting = working.waiting_of.get(member)?.copied().unwrap_or_default();
    ensure(waiting < WAITING_MAX, || {
        Refusal::new(
            CheckCode::S17,
            "So many issuances wait for their tokens, or to be screened. Upload what is missing, and send this message again later.",
        )
        .expected(format!("fewer than {WAITING_MAX}"), waiting)
    })
}

/// S08, S09: the header of a token stream, or the policy's permission to come without one.
fn check_tokens(working: &Working, header: &Header) -> Decided<()> {
    let Some(tokens) = &header.tokens else {
        return ensure(!working.governance.policy.screening, || {
            Refusal::new(
                CheckCode::S08,
                "Every issuance is screened here: compute the tokens of its activities, and commit to their stream in `tokens`.",
            )
        });
    };
    ensure(header.activity_count <= ACTIVITIES_MAX, || {
        Refusal::new(CheckCode::S09, "An issuance has fewer activities: divide it.")
            .expected(ACTIVITIES_MAX, header.activity_count)
    })?;
    let least = u64::from(header.activity_count);
    let most = least * TOKENS_PER_ACTIVITY_MAX as u64;
    ensure((least..=most).contains(&tokens.token_count), || {
        Refusal::new(CheckCode::S09, "Every activity has 1 to 16 tokens.")
            .expected(format!("{least} to {most}"), tokens.token_count)
    })?;
    let bytes = stream_bytes(least, tokens.token_count);
    ensure(tokens.stream_bytes == bytes, || {
        Refusal::new(
            CheckCode::S09,
            "A stream of so many activities and tokens has another length.",
        )
        .expected(bytes, tokens.stream_bytes)
    })?;
    // An act just beside the border of a month has tokens of both.
    let first = Epoch::of(header.period_from.plus_micros(-DAY_US));
    let last = Epoch::of(header.period_until.plus_micros(DAY_US));
    let within = first.is_some_and(|first| first <= tokens.first_epoch)
        && tokens.first_epoch <= tokens.last_epoch
        && last.is_some_and(|last| tokens.last_epoch <= last);
    ensure(within, || {
        let month = |epoch: Option<Epoch>| epoch.map_or_else(String::new, |epoch| epoch.to_string());
        Refusal::new(
            CheckCode::S09,
            "The months of the tokens are not those of the activities.",
        )
        .expected(
            format!("{} to {}", month(first), month(last)),
            format!("{} to {}", tokens.first_epoch, tokens.last_epoch),
        )
    })?;
    epoch::check_suite(working, tokens)
}

/// The serials of an issuance that is recognised without screening.
fn recognise_unscreened(
    working: &mut Working,
    command: &Command,
    mut issuance: Issuance,
    block: Block,
) -> Decided<Outcome> {
    let quantity = issuance.content.quantity_g;
    let subject = screening::subject(issuance.id);
    let body = json!({ "state": IssuanceState::Recognised, "unscreened": 1, "quantity_g": quantity, "local_reference": issuance.content.local_reference });
    let reference = block.reference();
    let log_index = working.carry_out(Step {
        r#type: "issuance.recognised",
        subject: subject.clone(),
        state: Some(IssuanceState::Recognised.word()),
        data: json!({ "unscreened": 1 }),
        member: Some(issuance.issuer.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements: vec![Replacement::issue(block)],
        notices: vec![Notice {
            to: issuance.issuer.clone(),
            r#type: "issuance.recognised",
            body,
        }],
        ..Step::default()
    })?;
    issuance.state = IssuanceState::Recognised;
    issuance.block = Some(reference.clone());
    working.issuances.put(issuance.id, issuance);
    Ok(Outcome {
        blocks: vec![reference],
        ..working.outcome(subject, Some(IssuanceState::Recognised.word()), log_index)
    })
}
