//! Who asks: a bearer token with a scope.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, ResponseError as _, web};
use tanqiao_protocol::problem::ApiProblem;

use super::answer::ApiError;
use crate::service::Node;
use crate::tokens::{self, Scope, Token};

/// A scope as a type, so that a handler's signature says what it takes.
pub(super) trait Wanted {
    const SCOPE: Scope;
}

macro_rules! wanted {
    ($($name:ident),+) => { $(
        #[derive(Debug)]
        pub(super) struct $name;
        impl Wanted for $name { const SCOPE: Scope = Scope::$name; }
    )+ };
}
wanted!(Read, Import, Trade, Admin);

/// Routes that everybody on the listener may ask.
const OPEN: [&str; 4] = ["/health/live", "/health/ready", "/metrics", "/api/v1/openapi.json"];

/// Finds out who asks, before anything of the request is read.
pub(super) async fn authenticate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if !OPEN.contains(&request.path()) {
        match identify(&request).await {
            Ok(token) => drop(request.extensions_mut().insert(token)),
            Err(refused) => return Ok(request.into_response(refused.error_response()).map_into_right_body()),
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

async fn identify(request: &ServiceRequest) -> Result<Token, ApiError> {
    let token = bearer(request.request()).ok_or_else(unauthorised)?;
    let node = request.app_data::<web::Data<Node>>().ok_or_else(unauthorised)?;
    let now = node.now();
    node.read(move |tx| tokens::presented(tx, &token, now))
        .await?
        .ok_or_else(unauthorised)
}

/// The caller of a request has presented a token that covers the scope. It is the first argument of a handler, so that
/// its refusal comes before any other.
#[derive(Debug)]
pub(super) struct Caller<W: Wanted>(PhantomData<W>);

impl<W: Wanted> FromRequest for Caller<W> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        ready(match extensions.get::<Token>() {
            None => Err(unauthorised()),
            Some(token) if token.scopes.iter().any(|scope| scope.covers(W::SCOPE)) => Ok(Self(PhantomData)),
            Some(token) => Err(ApiError::api(
                ApiProblem::Forbidden,
                format!("The token `{}` does not have the scope `{}`.", token.name, W::SCOPE),
            )),
        })
    }
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= 200).then(|| token.trim().to_owned())
}

fn unauthorised() -> ApiError {
    ApiError::api(
        ApiProblem::Unauthorised,
        "Send `Authorization: Bearer …` with a token that `tanqiao-node token create` made and that still works.",
    )
}
