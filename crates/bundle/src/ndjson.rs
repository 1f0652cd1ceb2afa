//! An NDJSON bundle, line by line: rollouts, the reward modules that scored them, and manifests of their jobs. Empty lines are nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use protocol::manifest::Evidence;
use protocol::rollout::RolloutRecord;
use protocol::{BundledModule, bundled_module, strict_json};
use serde::de::Error as _;

use crate::MAX_RECORD_BYTES;
use crate::error::{Error, Place};
use crate::evidence::Known;
use crate::modules::Modules;

pub(crate) struct Lines {
    reader: BufReader<File>,
    line: u64,
    position: u64,
    total: u64,
    buffer: Vec<u8>,
    modules: Modules,
    evidence: Known,
}

/// As much of a line as it takes to tell what it is.
const START_BYTES: u64 = 64;

impl Lines {
    pub(crate) fn open(file: File) -> Result<Self, Error> {
        let total = file.metadata()?.len();
        Ok(Self {
            reader: BufReader::new(file),
            line: 0,
            position: 0,
            total,
            buffer: Vec::new(),
            modules: Modules::default(),
            evidence: Known::default(),
        })
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

    pub(crate) fn modules(&self) -> &[BundledModule] {
        self.modules.known()
    }

    pub(crate) fn evidence(&self) -> &[Evidence] {
        self.evidence.known()
    }

    pub(crate) fn next_record(&mut self) -> Result<Option<RolloutRecord>, Error> {
        loop {
            self.buffer.clear();
            let Some(most) = self.read_line()? else { return Ok(None) };
            self.line += 1;
            let place = Place::Line(self.line);
            let unreadable = |source| Error::Unreadable { place, source };
            if self.buffer.len() > most && self.buffer.last() != Some(&b'\n') {
                self.position += skip_line(&mut self.reader)?;
                return Err(unreadable(serde_json::Error::custom(format_args!("longer than {most} bytes"))));
            }
            if BundledModule::is_line(&self.buffer) {
                self.modules.add(strict_json::from_slice(&self.buffer).map_err(unreadable)?)?;
            } else if Evidence::is_line(&self.buffer) {
                let line = self.buffer.trim_ascii();
                self.evidence.add(Evidence::read(line).map_err(unreadable)?, line.len())?;
            } else if !self.buffer.trim_ascii().is_empty() {
                return strict_json::from_slice(&self.buffer).map(Some).map_err(unreadable);
            }
        }
    }

    /// Reads a line into the buffer, to its end or a byte beyond what it may have, which is given. `None` at the file's end.
    fn read_line(&mut self) -> Result<Option<usize>, Error> {
        if self.buffer.capacity() > 2 * MAX_RECORD_BYTES {
            self.buffer = Vec::new(); // a module was here
        }
        let mut read = (&mut self.reader).take(START_BYTES).read_until(b'\n', &mut self.buffer)?;
        let is_module = BundledModule::is_line(&self.buffer);
        let most = if is_module { bundled_module::MAX_LINE_BYTES } else { MAX_RECORD_BYTES };
        if read as u64 == START_BYTES && self.buffer.last() != Some(&b'\n') {
            let rest = most as u64 + 1 - START_BYTES; // and the line's end
            read += (&mut self.reader).take(rest).read_until(b'\n', &mut self.buffer)?;
        }
        self.position += read as u64;
        Ok((read > 0).then_some(most))
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
