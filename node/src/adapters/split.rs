//! A file as lines of bounded length, each with its number and place.

use std::io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom};

use super::{LINE_BYTES_MAX, Place};

/// Bytes read from the file at a time.
const BUFFER_BYTES: usize = 128 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands on a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// Its bytes, without the line end.
    Bytes(&'a [u8]),
    /// More than [`LINE_BYTES_MAX`]; passed over.
    TooLong,
}

/// Reads a file line by line. A line ends with LF or CRLF; the last may have no end.
#[derive(Debug)]
pub(super) struct Splitter<R: Read + Seek> {
    input: BufReader<R>,
    line: Vec<u8>,
    place: Place,
}

impl<R: Read + Seek> Splitter<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            input: BufReader::with_capacity(BUFFER_BYTES, file),
            line: Vec::with_capacity(512),
            place: Place::default(),
        }
    }

    /// Where the next line begins.
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) fn resume(&mut self, place: Place) -> io::Result<()> {
        self.input.seek(SeekFrom::Start(place.byte))?;
        self.place = place;
        Ok(())
    }

    /// The next line that is not blank, with its number from 1.
    pub(super) fn next_line(&mut self) -> io::Result<Option<(u64, Content<'_>)>> {
        loop {
            let Some(too_long) = self.read()? else { return Ok(None) };
            if too_long {
                return Ok(Some((self.place.lines, Content::TooLong)));
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some((self.place.lines, Content::Bytes(&self.line))));
            }
        }
    }

    /// Reads one line into the buffer; `None` at the end of the file, `true` where it was too long.
    fn read(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        let most = LINE_BYTES_MAX + 2;
        let mut taken = (&mut self.input).take(most).read_until(b'\n', &mut self.line)? as u64;
        if taken == 0 {
            return Ok(None);
        }
        let too_long = taken == most && self.line.last() != Some(&b'\n');
        if too_long {
            taken += self.input.skip_until(b'\n')? as u64;
        } else {
            self.cut_marks();
        }
        self.place.byte += taken;
        self.place.lines += 1;
        Ok(Some(too_long))
    }

    /// Cuts the line end, and at the start of the file the byte order mark.
    fn cut_marks(&mut self) {
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        if self.place.byte == 0 && self.line.starts_with(BYTE_ORDER_MARK) {
            self.line.drain(..BYTE_ORDER_MARK.len());
        }
    }
}
