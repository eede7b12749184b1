//! The spool in PostgreSQL: the pieces of a stream as they came, so that any hub process can continue it.

use std::collections::BTreeSet;
use std::io::Read;

use tanqiao_protocol::id::MessageId;
use uuid::Uuid;

use super::spool_files::check;
use super::{ScreeningError, Spool};
use crate::crash;
use crate::store::database::{Database, StoreError};
use crate::store::screening as rows;

/// Streams in a database.
#[derive(Debug)]
pub struct SpoolRows {
    database: Database,
}

impl SpoolRows {
    /// The spool of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

fn key(issuance: MessageId) -> [u8; 16] {
    issuance.uuid().into_bytes()
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

impl Spool for SpoolRows {
    fn offset(&self, issuance: MessageId) -> Result<u64, ScreeningError> {
        let end = rows::spool_end(&self.database, &key(issuance))?;
        Ok(u64::try_from(end).unwrap_or(0))
    }

    fn append(&self, issuance: MessageId, offset: u64, bytes: &[u8], stream_bytes: u64) -> Result<u64, ScreeningError> {
        let right = self.offset(issuance)?;
        check(right, offset, bytes, stream_bytes)?;
        if bytes.is_empty() {
            return Ok(right);
        }
        crash::point("spool.before-write");
        if !rows::spool_append(&self.database, &key(issuance), signed(offset), bytes)? {
            let right = self.offset(issuance)?;
            return Err(ScreeningError::Offset { given: offset, right });
        }
        crash::point("spool.after-write");
        Ok(offset + bytes.len() as u64)
    }

    fn open(&self, issuance: MessageId) -> Result<Box<dyn Read + Send>, ScreeningError> {
        Ok(Box::new(Pieces {
            database: self.database.clone(),
            issuance: key(issuance),
            next: 0,
            piece: Vec::new(),
            taken: 0,
        }))
    }

    fn remove(&self, issuance: MessageId) -> Result<(), ScreeningError> {
        Ok(rows::spool_remove(&self.database, &key(issuance))?)
    }

    fn list(&self) -> Result<BTreeSet<MessageId>, ScreeningError> {
        let id = |bytes: Vec<u8>| {
            let uuid = Uuid::from_slice(&bytes).ok();
            let id = uuid.and_then(|uuid| MessageId::from_uuid(uuid).ok());
            id.ok_or_else(|| StoreError::Content("screening_spool has an issuance that is no id".to_owned()).into())
        };
        rows::spool_list(&self.database)?.into_iter().map(id).collect()
    }
}

/// The bytes of a stream, piece by piece.
struct Pieces {
    database: Database,
    issuance: [u8; 16],
    next: u64,
    piece: Vec<u8>,
    taken: usize,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.taken >= self.piece.len() {
            let piece = rows::spool_piece(&self.database, &self.issuance, signed(self.next));
            self.piece = piece.map_err(std::io::Error::other)?.unwrap_or_default();
            self.next += self.piece.len() as u64;
            self.taken = 0;
        }
        let mut rest = self.piece.get(self.taken..).unwrap_or_default();
        let read = rest.read(out)?;
        self.taken += read;
        Ok(read)
    }
}
