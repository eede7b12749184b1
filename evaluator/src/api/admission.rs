//! Who asks: from the verified client certificate only, and judged at every request, because an open connection outlives a
//! revocation and an expiry.

use std::any::Any;
use std::future::{Ready, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest};
use governor::clock::{Clock as _, DefaultClock};
use tanqiao_certs::identity::Role;
use tanqiao_certs::{IdentityRefusal, PeerIdentity, ServerTls};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::problem::{ApiProblem, Problem};

use super::Evaluator;
use super::answer::Refused;

/// What the handshake of a connection showed.
#[derive(Debug, Clone)]
struct Shown(Result<PeerIdentity, IdentityRefusal>);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A member's node.
    Member(NodeId),
    /// One of the three evaluators, by its number; also this one itself, on the command line.
    Evaluator(u8),
}

impl Caller {
    /// The member, where nodes are served.
    ///
    /// # Errors
    /// 403.
    pub fn member(&self) -> Result<&NodeId, Refused> {
        match self {
            Self::Member(id) => Ok(id),
            Self::Evaluator(_) => {
                let detail = "Inputs are evaluated for member nodes only: an evaluator makes no tokens.";
                Err(Problem::api(ApiProblem::Forbidden).detail(detail).into())
            }
        }
    }

    /// The number, where evaluators are served.
    ///
    /// # Errors
    /// 403.
    pub fn evaluator(&self) -> Result<u8, Refused> {
        match self {
            Self::Evaluator(number) => Ok(*number),
            Self::Member(_) => {
                let detail = "Keys are made by the three evaluators only.";
                Err(Problem::api(ApiProblem::Forbidden).detail(detail).into())
            }
        }
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

/// Keeps with a new connection who is at its other end.
pub fn remember_peer(tls: &ServerTls, io: &dyn Any, connection: &mut Extensions) {
    if let Some(stream) = io.downcast_ref::<actix_tls::accept::rustls_0_23::TlsStream<TcpStream>>() {
        connection.insert(Shown(tls.state().peer(stream.get_ref().1.peer_certificates())));
    }
}

/// Lets a request pass only for a member's node or one of the three evaluators. Without a verified certificate nothing
/// passes.
///
/// # Errors
/// N01, N06; 401.
pub async fn admit(
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
    let evaluator = request
        .app_data::<Data<Evaluator>>()
        .ok_or_else(|| Problem::api(ApiProblem::Internal))?;
    let shown = request
        .conn_data::<Shown>()
        .map_or(Err(IdentityRefusal::NoCertificate), |shown| shown.0.clone());
    let peer = shown.map_err(|refusal| identity_problem(&refusal))?;
    let checked = evaluator.tls.state().check_request(&peer, chrono::Utc::now());
    checked.map_err(|refusal| identity_problem(&refusal))?;
    let unauthorised = || Problem::api(ApiProblem::Unauthorised);
    let id: NodeId = match peer.spiffe.member() {
        Some(id) => id.as_str().parse().map_err(|_| unauthorised())?,
        None => return Err(unauthorised().into()),
    };
    let caller = match peer.spiffe.role() {
        Role::Member(_) => Caller::Member(id.clone()),
        Role::Evaluator(_) => {
            let number = evaluator.config.number_of(&id);
            let stranger = || unauthorised().detail("This evaluator is none of the three that are configured here.");
            Caller::Evaluator(number.ok_or_else(stranger)?)
        }
        Role::Hub => return Err(unauthorised().into()),
    };
    if let (Caller::Member(_), Err(until)) = (&caller, evaluator.rate.check_key(&id)) {
        let wait = until.wait_time_from(DefaultClock::default().now()).as_secs();
        let seconds = u32::try_from(wait).unwrap_or(u32::MAX).saturating_add(1);
        return Err(Problem::of(CheckCode::N06).retry_after(seconds).into());
    }
    Ok(caller)
}

fn identity_problem(refusal: &IdentityRefusal) -> Problem {
    match refusal {
        IdentityRefusal::Revoked(_) => Problem::of(CheckCode::N01).detail(format!("{refusal}.")),
        other => Problem::api(ApiProblem::Unauthorised).detail(format!("{other}.")),
    }
}
