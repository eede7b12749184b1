//! The checks of a message's header: who speaks, for which federation, when.

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::message::Action;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::time::{CLOCK_SKEW_US_MAX, Timestamp, VALIDITY_US_MAX};
use tanqiao_protocol::view::MemberKind;

use super::Reception;
use super::content::{Header, other_version};

/// N05: a member speaks for itself only. Asked before the signature, since it decides whose keys may sign.
pub(super) fn check_speaker(reception: &Reception, header: &Header) -> Result<(), Problem> {
    if header.member == reception.caller {
        return Ok(());
    }
    Err(Problem::of(CheckCode::N05)
        .path("member")
        .detail("The message names another member than the certificate of this connection: a member speaks for itself only.")
        .expected(&reception.caller)
        .found(&header.member))
}

/// M07, M02, M09, M11: what the header says of time, version and federation.
pub(super) fn check(
    header: &Header,
    trust_domain: &tanqiao_protocol::id::TrustDomain,
    now: Timestamp,
) -> Result<(), Problem> {
    let latest = now.plus_micros(CLOCK_SKEW_US_MAX);
    if header.issued_at > latest {
        return Err(Problem::of(CheckCode::M07)
            .path("issued_at")
            .expected(format!("until {latest}"))
            .found(header.issued_at));
    }
    let last = header.issued_at.plus_micros(VALIDITY_US_MAX);
    if header.not_after < header.issued_at || header.not_after > last {
        return Err(Problem::of(CheckCode::M02)
            .path("not_after")
            .detail("`not_after` must not be before `issued_at`, nor more than 30 days after it.")
            .expected(format!("{} to {last}", header.issued_at))
            .found(header.not_after));
    }
    if header.protocol != tanqiao_protocol::PROTOCOL_VERSION {
        return Err(other_version(header.protocol));
    }
    if header.trust_domain != *trust_domain {
        return Err(Problem::of(CheckCode::M11)
            .path("trust_domain")
            .expected(trust_domain)
            .found(&header.trust_domain));
    }
    Ok(())
}

/// 403: evaluators state token keys and change their signing keys, and nothing else; nobody else states token keys.
pub(super) fn check_part(reception: &Reception, action: Action) -> Result<(), Problem> {
    let members = &reception.governance.members;
    let evaluates = members
        .get(&reception.caller)
        .is_some_and(|member| member.kind == MemberKind::Evaluator);
    let fits = match action {
        Action::TokenEpoch => evaluates,
        Action::Key | Action::Batch => true,
        _ => !evaluates,
    };
    if fits {
        return Ok(());
    }
    let detail = if evaluates {
        "A token evaluator states token keys and proposes its own signing keys, and does nothing else here."
    } else {
        "Token keys are stated by the three evaluators only."
    };
    Err(Problem::api(ApiProblem::Forbidden)
        .path("payloadType")
        .detail(detail)
        .found(action))
}
