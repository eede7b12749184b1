//! What is left of a request's body when it is answered before it was read.
//!
//! Over HTTP/2 a stream whose body is dropped is reset, and many a client then tells of a broken stream instead of the problem that
//! it was sent. What is left is read first, as far as that is reasonable.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::Version;
use actix_web::web::Bytes;
use futures_util::stream::{StreamExt, poll_fn};

/// The most bytes that are read for nothing.
const BYTES_MAX: usize = 1 << 20;
/// The longest that is waited for them.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// A body that two may read: a handler, and who answers in its place.
#[derive(Debug)]
pub(super) struct Unread(Option<Rc<RefCell<Body>>>);

struct Body {
    payload: Payload,
    ended: bool,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Body {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let polled = self.payload.poll_next_unpin(context);
        self.ended = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

impl Unread {
    /// The body of a request, which keeps it.
    pub fn of(request: &mut ServiceRequest) -> Self {
        // HTTP/1 ends the connection instead, and says so.
        if request.version() != Version::HTTP_2 {
            return Self(None);
        }
        let payload = std::mem::replace(request.parts_mut().1, Payload::None);
        let body = Rc::new(RefCell::new(Body { payload, ended: false }));
        let shared = Rc::clone(&body);
        let payload = Box::pin(poll_fn(move |context| shared.borrow_mut().poll(context)));
        request.set_payload(Payload::Stream { payload });
        Self(Some(body))
    }

    /// Reads what is left.
    pub async fn read(self) {
        let Some(body) = self.0 else { return };
        let mut left = poll_fn(|context| body.borrow_mut().poll(context));
        let reading = async {
            let mut bytes = 0;
            while let Some(Ok(chunk)) = left.next().await {
                bytes += chunk.len();
                if bytes > BYTES_MAX {
                    return;
                }
            }
        };
        // Whoever sends no end gets the reset.
        let _late = tokio::time::timeout(WAIT_MAX, reading).await;
    }
}
