//! The records of a token stream, one by one, as they are read.

use std::io::Read;

use tanqiao_protocol::fingerprint::{RECORD_BYTES_MAX, StreamRecord, decode};

use super::{Fingerprint, ScreeningError};

/// Bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;

/// A record and the bytes that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpooledRecord {
    /// The record.
    pub record: StreamRecord,
    /// Its bytes, which the root in the header commits to.
    pub bytes: Vec<u8>,
}

/// The records of a stream; the last item is an error if the stream is torn or holds something else.
#[derive(Debug)]
pub struct Records<R> {
    from: R,
    buffer: Vec<u8>,
    /// What of the buffer is read, and how much of it is there.
    taken: usize,
    filled: usize,
    /// Where `taken` is in the stream, and the number of the record there.
    offset: u64,
    record: u64,
    ended: bool,
    failed: bool,
}

/// Reads the records of a stream.
pub fn records<R: Read>(from: R) -> Records<R> {
    Records {
        from,
        buffer: vec![0; READ_BYTES],
        taken: 0,
        filled: 0,
        offset: 0,
        record: 0,
        ended: false,
        failed: false,
    }
}

impl<R: Read> Records<R> {
    fn read_next(&mut self) -> Result<Option<SpooledRecord>, ScreeningError> {
        if self.filled - self.taken < RECORD_BYTES_MAX && !self.ended {
            self.fill()?;
        }
        let rest = self.buffer.get(self.taken..self.filled).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let (offset, record) = (self.offset, self.record);
        let decoded = decode(rest).map_err(|reason| ScreeningError::Record { record, offset, reason })?;
        // A whole record fits into what is there unless the stream has ended.
        let Some((read, length)) = decoded else {
            let end = offset + rest.len() as u64;
            return Err(ScreeningError::Torn { record, offset, end });
        };
        let bytes = rest.get(..length).unwrap_or_default().to_vec();
        self.taken += length;
        self.offset += length as u64;
        self.record += 1;
        Ok(Some(SpooledRecord { record: read, bytes }))
    }

    fn fill(&mut self) -> Result<(), ScreeningError> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        while !self.ended {
            let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
            if free.is_empty() {
                break;
            }
            match self.from.read(free) {
                Ok(0) => self.ended = true,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(ScreeningError::Stopped(format!(
                        "the token stream cannot be read: {error}"
                    )));
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<SpooledRecord, ScreeningError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.read_next().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

/// The fingerprints in records: what [`super::TokenStore::screen`] takes.
pub fn fingerprints(
    records: impl Iterator<Item = Result<SpooledRecord, ScreeningError>>,
) -> impl Iterator<Item = Result<Fingerprint, ScreeningError>> {
    records.flat_map(|record| {
        let (found, failed) = match record {
            Ok(spooled) => (Some(spooled.record), None),
            Err(error) => (None, Some(Err(error))),
        };
        let each = found.into_iter().flat_map(|record| {
            let position = record.index;
            record
                .tokens
                .into_iter()
                .map(move |entry| Ok(Fingerprint { position, entry }))
        });
        each.chain(failed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_protocol::fingerprint::{StreamError, Token, TokenEntry, TokenKind, encode};
    use tanqiao_protocol::quantity::Grams;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let length = out.len().min(1);
            self.0.read(&mut out[..length])
        }
    }

    fn stream(count: u32) -> (Vec<StreamRecord>, Vec<u8>) {
        let record = |index: u32| StreamRecord {
            index,
            grams: Grams::new(i64::from(index)).unwrap(),
            tokens: (0..=index % 3)
                .map(|number| TokenEntry {
                    kind: TokenKind::Record,
                    epoch: "2026-05".parse().unwrap(),
                    token: Token((u128::from(index) * 16 + u128::from(number)).to_be_bytes()),
                })
                .collect(),
        };
        let all: Vec<StreamRecord> = (0..count).map(record).collect();
        let mut bytes = Vec::new();
        for one in &all {
            encode(one, &mut bytes);
        }
        (all, bytes)
    }

    #[test]
    fn a_stream_is_read_as_it_was_written_however_it_comes() {
        let (all, bytes) = stream(20_000);
        for read in [
            records(&bytes[..]).collect::<Result<Vec<_>, _>>().unwrap(),
            records(Drip(&bytes)).collect::<Result<Vec<_>, _>>().unwrap(),
        ] {
            assert!(read.iter().map(|spooled| &spooled.record).eq(&all));
            assert_eq!(read.iter().flat_map(|s| &s.bytes).copied().collect::<Vec<_>>(), bytes);
        }
        let tokens = fingerprints(records(&bytes[..])).map(Result::unwrap).count();
        assert_eq!(tokens, all.iter().map(|record| record.tokens.len()).sum::<usize>());
    }

    #[test]
    fn a_stream_that_ends_early_says_in_which_record_and_where() {
        let (all, bytes) = stream(4);
        let mut starts = Vec::new();
        let mut at = 0;
        for record in &all {
            starts.push(at);
            at += 13 + record.tokens.len() * 19;
        }
        for cut in 0..bytes.len() {
            let read: Vec<_> = records(&bytes[..cut]).collect();
            let whole = starts.iter().filter(|start| **start <= cut).count() - 1;
            if starts[whole] == cut {
                assert!(read.iter().all(Result::is_ok) && read.len() == whole, "cut at {cut}");
                continue;
            }
            assert_eq!(read.len(), whole + 1, "cut at {cut}");
            match read.last() {
                Some(Err(ScreeningError::Torn { record, offset, end })) => {
                    let expected = (whole as u64, starts[whole] as u64, cut as u64);
                    assert_eq!((*record, *offset, *end), expected);
                }
                other => panic!("cut at {cut}: {other:?}"),
            }
        }
    }

    #[test]
    fn wrong_bytes_are_named_by_record_and_offset_and_nothing_follows() {
        let (_, mut bytes) = stream(3);
        // The kind of the first token of the second record, which begins at byte 32.
        bytes[32 + 13] = 9;
        let read: Vec<_> = fingerprints(records(&bytes[..])).collect();
        assert_eq!(read.len(), 2);
        match &read[1] {
            Err(ScreeningError::Record { record, offset, reason }) => {
                assert_eq!((*record, *offset, *reason), (1, 32, StreamError::Kind));
            }
            other => panic!("{other:?}"),
        }
    }
}
