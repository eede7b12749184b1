//! The body of a write: one envelope, or `{"envelopes":[…]}`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::message::{BLOCKS_PER_REQUEST_MAX, ITEMS_PER_REQUEST_MAX, REQUEST_BYTES_MAX};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::strict;

/// The envelopes of a request, each still as JSON: one that cannot be read leaves the others alone.
#[derive(Debug)]
pub struct Request<'a> {
    /// The envelopes, in order.
    pub envelopes: Vec<&'a [u8]>,
    /// True if the body was one envelope by itself.
    pub single: bool,
}

/// To tell the two forms apart.
#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    envelopes: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many<'a> {
    #[serde(borrow)]
    envelopes: Vec<&'a RawValue>,
}

impl<'a> Request<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// M01, M02, M03.
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        if body.len() > REQUEST_BYTES_MAX {
            return Err(too_large("bytes", REQUEST_BYTES_MAX, body.len()));
        }
        let text = strict::scan(body).map_err(|error| Problem::from(&error))?;
        let many = serde_json::from_str::<Probe>(text).is_ok_and(|probe| probe.envelopes.is_some());
        if !many {
            return Ok(Self {
                envelopes: vec![body],
                single: true,
            });
        }
        let many: Many<'a> = serde_json::from_str(text).map_err(|error| {
            Problem::of(CheckCode::M02).path("envelopes").detail(format!(
                "`envelopes` must be a list of envelopes and the only member: {error}."
            ))
        })?;
        if many.envelopes.is_empty() {
            return Err(Problem::of(CheckCode::M02)
                .path("envelopes")
                .detail("`envelopes` is empty: send at least one envelope."));
        }
        Ok(Self {
            envelopes: many.envelopes.into_iter().map(|raw| raw.get().as_bytes()).collect(),
            single: false,
        })
    }

    /// M03: at most 1,000 items a request.
    ///
    /// # Errors
    /// M03.
    pub fn check_count(&self, items: usize) -> Result<(), Problem> {
        if items > ITEMS_PER_REQUEST_MAX {
            Err(too_large("items", ITEMS_PER_REQUEST_MAX, items))
        } else {
            Ok(())
        }
    }

    /// M03: at most 10,000 blocks a request.
    ///
    /// # Errors
    /// M03.
    pub fn check_blocks(&self, blocks: usize) -> Result<(), Problem> {
        if blocks > BLOCKS_PER_REQUEST_MAX {
            Err(too_large("blocks", BLOCKS_PER_REQUEST_MAX, blocks))
        } else {
            Ok(())
        }
    }
}

/// M03.
pub fn too_large(what: &str, most: usize, found: usize) -> Problem {
    Problem::of(CheckCode::M03)
        .detail(format!(
            "The request has {found} {what}, of which at most {most} are permitted: send several requests."
        ))
        .expected(format!("{most} {what} at most"))
        .found(found)
}
