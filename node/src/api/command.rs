//! Commands as requests say them: who decided and under which id, what is given, and how long to wait for the hub.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::StaffDecision;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};

use super::answer::{Answered, ApiError, decided};
use super::extract::{Json, Query, Waiting, message_id, part};
use crate::ledger::AccountId;
use crate::service::{Node, Selection, Staffed};

/// A command: its id (in the body, in `Idempotency-Key`, or both when they agree), the staff that decided, how long to wait
/// for the hub, and what the body says besides.
#[derive(Debug)]
pub(super) struct Command<T> {
    pub(super) by: Staffed,
    pub(super) order: T,
    pub(super) answer: AnswerTo,
}

impl<T: DeserializeOwned + 'static> FromRequest for Command<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Json::<Body<T>>::from_request(request, payload);
        let waiting = Query::<Waiting>::from_request(request, &mut Payload::None);
        let request = request.clone();
        Box::pin(async move {
            let wait_s = waiting.await?.0.seconds();
            let Body { by, order } = body.await?.0;
            let by = Staffed {
                id: message_id(&request, by.id)?,
                staff: by.staff,
            };
            Ok(Self {
                by,
                order,
                answer: AnswerTo { wait_s },
            })
        })
    }
}

/// How the caller of a command wants its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnswerTo {
    wait_s: u32,
}

impl AnswerTo {
    /// What became of the message `id` that opened something in the collection `opened`.
    pub(super) async fn opened(self, node: &Node, id: MessageId, opened: &str) -> Answered {
        decided(node, id, self.wait_s, Some(format!("/api/v1/{opened}/{id}"))).await
    }

    /// What became of the message `id` about something that is there already.
    pub(super) async fn done(self, node: &Node, id: MessageId) -> Answered {
        decided(node, id, self.wait_s, None).await
    }
}

/// A body: the members that every command has, and those of `T`, which says what it does not know.
struct Body<T> {
    by: Signing,
    order: T,
}

#[derive(Deserialize)]
struct Signing {
    id: Option<MessageId>,
    staff: Option<StaffDecision>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Body<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let by = taken(&mut members, &["id", "staff"])?;
        let order = T::deserialize(Value::Object(members)).map_err(D::Error::custom)?;
        Ok(Self { by, order })
    }
}

/// A command that gives serials of an account: which, and on what terms.
#[derive(Debug)]
pub(super) struct Given<T> {
    pub(super) account: AccountId,
    what: What,
    pub(super) terms: T,
}

impl<T> Given<T> {
    /// Account, serials and terms.
    pub(super) fn selected(self) -> Result<(AccountId, Selection, T), ApiError> {
        Ok((self.account, self.what.selection()?, self.terms))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct From {
            account: AccountId,
        }
        let mut members = Map::deserialize(deserializer)?;
        let From { account } = taken(&mut members, &["account"])?;
        let what = taken(&mut members, &["quantity_g", "series", "blocks"])?;
        let terms = T::deserialize(Value::Object(members)).map_err(D::Error::custom)?;
        Ok(Self { account, what, terms })
    }
}

/// Reads the named members, and takes them out.
fn taken<T: DeserializeOwned, E: serde::de::Error>(members: &mut Map<String, Value>, names: &[&str]) -> Result<T, E> {
    let some = names.iter().filter_map(|name| members.remove_entry(*name)).collect();
    T::deserialize(Value::Object(some)).map_err(E::custom)
}

/// Which serials: so many grams (of one series, where one is named), or exactly these blocks.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct What {
    pub(super) quantity_g: Option<Grams>,
    pub(super) series: Option<SeriesRef>,
    pub(super) blocks: Option<Vec<BlockRef>>,
}

impl What {
    pub(super) fn selection(self) -> Result<Selection, ApiError> {
        match (self.quantity_g, self.series, self.blocks) {
            (Some(quantity_g), series, None) if !quantity_g.is_zero() => Ok(Selection::Quantity { quantity_g, series }),
            (None, None, Some(blocks)) if !blocks.is_empty() => Ok(Selection::Blocks(blocks)),
            _ => Err(ApiError::parameter(
                "quantity_g",
                "give either `quantity_g` above 0, with a `series` if only one is meant, or `blocks`",
            )),
        }
    }
}

/// The dealing that an address names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject(pub(super) MessageId);

impl FromRequest for Subject {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(part(request, "id").map(Self))
    }
}
