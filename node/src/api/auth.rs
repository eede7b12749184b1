//! Who asks: a bearer token with a scope.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use tanqiao_protocol::problem::ApiProblem;
use utoipa::Modify;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::answer::ApiError;
use crate::service::Node;
use crate::tokens::{self, Scope};

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

/// The caller of a request has presented a token that covers the scope.
#[derive(Debug)]
pub(super) struct Caller<W: Wanted>(PhantomData<W>);

impl<W: Wanted + 'static> FromRequest for Caller<W> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let node = request.app_data::<web::Data<Node>>().cloned();
        let token = bearer(request);
        Box::pin(async move {
            let (Some(node), Some(token)) = (node, token) else { return Err(unauthorised()) };
            let now = node.now();
            let found = node.read(move |tx| tokens::presented(tx, &token, now)).await?;
            let found = found.ok_or_else(unauthorised)?;
            if found.scopes.iter().any(|scope| scope.covers(W::SCOPE)) {
                Ok(Self(PhantomData))
            } else {
                Err(ApiError::api(
                    ApiProblem::Forbidden,
                    format!("The token `{}` does not have the scope `{}`.", found.name, W::SCOPE),
                ))
            }
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

/// Adds the bearer scheme to the description.
pub(super) struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        description
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
