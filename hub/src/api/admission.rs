//! Who asks, and whether it may: judged at every request, because an open connection outlives a revocation, an expiry and a
//! suspension.

use std::any::Any;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use governor::clock::{Clock, DefaultClock};
use tanqiao_certs::identity::Role;
use tanqiao_certs::{IdentityRefusal, PeerIdentity, ServerTls};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::view::{MemberKind, MemberStatus};

use super::answer::Refused;
use super::hub::Hub;

/// How often a waiting poll looks whether its member may still wait.
const LOOK_AT_STANDING_EVERY: Duration = Duration::from_secs(2);

/// What the handshake of a connection showed.
#[derive(Debug, Clone)]
struct Shown(Result<PeerIdentity, IdentityRefusal>);

/// The member that asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its id.
    pub member: NodeId,
    /// Its certificate.
    pub peer: PeerIdentity,
}

/// Keeps with a new connection who is at its other end.
pub fn remember_peer(tls: &ServerTls, io: &dyn Any, connection: &mut Extensions) {
    if let Some(stream) = io.downcast_ref::<actix_tls::accept::rustls_0_23::TlsStream<TcpStream>>() {
        connection.insert(Shown(tls.state().peer(stream.get_ref().1.peer_certificates())));
    }
}

/// Lets a request of the federation listener pass only for a member in good standing. Without a verified certificate
/// nothing passes.
///
/// # Errors
/// N01, N02, N03, N06; 401; 403 for what an evaluator has no part in.
pub async fn admit_member(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match judge(&request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(refused) => Ok(request.error_response(refused)),
    }
}

fn judge(request: &ServiceRequest) -> Result<Caller, Refused> {
    let hub = request
        .app_data::<web::Data<Hub>>()
        .ok_or_else(|| Problem::api(ApiProblem::Internal))?;
    let shown = request
        .conn_data::<Shown>()
        .map_or(Err(IdentityRefusal::NoCertificate), |shown| shown.0.clone());
    let peer = shown.map_err(|refusal| identity_problem(&refusal))?;
    hub.tls
        .state()
        .check_request(&peer, chrono::Utc::now())
        .map_err(|refusal| identity_problem(&refusal))?;
    let (Role::Member(member) | Role::Evaluator(member)) = peer.spiffe.role() else {
        return Err(Problem::api(ApiProblem::Unauthorised).into());
    };
    let member: NodeId = member
        .as_str()
        .parse()
        .map_err(|_| Problem::api(ApiProblem::Unauthorised))?;
    check_standing(hub, &member, &peer)?;
    if matches!(peer.spiffe.role(), Role::Evaluator(_)) && !is_for_evaluators(request.path()) {
        return Err(Problem::api(ApiProblem::Forbidden)
            .detail(
                "An evaluator states token keys, and its own signing keys: what members deal in is not shown to it.",
            )
            .into());
    }
    if let Err(until) = hub.member_rate.check_key(&member) {
        return Err(rate_limited(until.wait_time_from(DefaultClock::default().now())).into());
    }
    Ok(Caller { member, peer })
}

/// The addresses of the federation listener that an evaluator may ask. What it may say there, the intake decides.
fn is_for_evaluators(path: &str) -> bool {
    const ADDRESSES: [&str; 7] = [
        "/v1/hub",
        "/v1/crl",
        "/v1/openapi.json",
        "/v1/certificates",
        "/v1/messages",
        "/v1/keys",
        "/v1/token-epochs",
    ];
    ADDRESSES.contains(&path) || path.starts_with("/v1/token-epochs/")
}

/// Judges a caller once more, whose request has been waiting: its certificate and its member's standing.
///
/// # Errors
/// N01, N02, N03; 401.
pub fn check_again(hub: &Hub, caller: &Caller) -> Result<(), Refused> {
    let checked = hub.tls.state().check_request(&caller.peer, chrono::Utc::now());
    checked.map_err(|refusal| identity_problem(&refusal))?;
    Ok(check_standing(hub, &caller.member, &caller.peer)?)
}

/// Waits until the caller may not go on: its certificate revoked or expired, or its member suspended.
pub async fn until_refused(hub: &Hub, caller: &Caller) -> Refused {
    loop {
        tokio::time::sleep(LOOK_AT_STANDING_EVERY).await;
        if let Err(refused) = check_again(hub, caller) {
            return refused;
        }
    }
}

/// N02, N03; 401 where the certificate speaks for a node and the member is an evaluator, or the other way round.
fn check_standing(hub: &Hub, member: &NodeId, peer: &PeerIdentity) -> Result<(), Problem> {
    let governance = hub.sequencer.governance();
    let known = governance.members.get(member);
    let evaluates = matches!(peer.spiffe.role(), Role::Evaluator(_));
    match known.map(|member| member.status) {
        Some(MemberStatus::Admitted) if known.is_some_and(|m| (m.kind == MemberKind::Evaluator) != evaluates) => {
            Err(Problem::api(ApiProblem::Unauthorised).detail("The certificate is for another kind of member."))
        }
        Some(MemberStatus::Admitted) => Ok(()),
        Some(MemberStatus::Suspended) => Err(Problem::of(CheckCode::N02)),
        Some(MemberStatus::Candidate) | None => Err(Problem::of(CheckCode::N03)),
    }
}

fn identity_problem(refusal: &IdentityRefusal) -> Problem {
    match refusal {
        IdentityRefusal::Revoked(_) => Problem::of(CheckCode::N01).detail(format!("{refusal}.")),
        other => Problem::api(ApiProblem::Unauthorised).detail(format!("{other}.")),
    }
}

fn rate_limited(wait: std::time::Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::of(CheckCode::N06).retry_after(seconds)
}

/// Slows down whoever asks too often on the enrolment listener.
///
/// # Errors
/// N06.
pub async fn slow_down(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let address = request.peer_addr().map(|peer| peer.ip());
    let refused = request.app_data::<web::Data<Hub>>().and_then(|hub| {
        let address = address.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        hub.address_rate
            .check_key(&address)
            .err()
            .map(|until| rate_limited(until.wait_time_from(DefaultClock::default().now())))
    });
    match refused {
        Some(problem) => Ok(request.error_response(Refused::from(problem))),
        None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
    }
}

impl FromRequest for Caller {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or_else(|| Problem::api(ApiProblem::Unauthorised).into()))
    }
}
