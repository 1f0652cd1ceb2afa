//! An NDJSON bundle, line by line. Empty lines are nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use protocol::rollout::RolloutRecord;
use protocol::strict_json;
use serde::de::Error as _;

use crate::MAX_RECORD_BYTES;
use crate::error::{Error, Place};

pub(crate) struct Lines {
    reader: BufReader<File>,
    line: u64,
    position: u64,
    total: u64,
    buffer: Vec<u8>,
}

impl Lines {
    pub(crate) fn open(file: File) -> Result<Self, Error> {
        let total = file.metadata()?.len();
        Ok(Self { reader: BufReader::new(file), line: 0, position: 0, total, buffer: Vec::new() })
    }

    /// The number of the line that was read last.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn next_record(&mut self) -> Result<Option<RolloutRecord>, Error> {
        loop {
            self.buffer.clear();
            let most = MAX_RECORD_BYTES as u64 + 1; // and the line's end
            let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            self.position += read as u64;
            let place = Place::Line(self.line);
            if read > MAX_RECORD_BYTES && self.buffer.last() != Some(&b'\n') {
                self.position += skip_line(&mut self.reader)?;
                let source = serde_json::Error::custom(format_args!("longer than {MAX_RECORD_BYTES} bytes"));
                return Err(Error::Unreadable { place, source });
            }
            if !self.buffer.trim_ascii().is_empty() {
                let record = strict_json::from_slice(&self.buffer);
                return record.map(Some).map_err(|source| Error::Unreadable { place, source });
            }
        }
    }
}

/// Drops what is left of a line, without keeping it.
fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok(skipped);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(available.len(), |end| end + 1);
        reader.consume(used);
        skipped += used as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}
