//! What a file says of manifests: lines before the rollouts in NDJSON, key-value metadata in Parquet.

use parquet::file::metadata::KeyValue;
use protocol::manifest::{Evidence, MAX_EVIDENCE_BYTES, MAX_LINE_BYTES};

use crate::error::Error;
use crate::pages::at_most;

/// Keys in Parquet: this, and a number.
const KEY: &str = "reliquary.manifest.";

/// Lines that were read or written so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    known: Vec<Evidence>,
    bytes: usize,
}

impl Known {
    pub(crate) fn known(&self) -> &[Evidence] {
        &self.known
    }

    /// False when it is there already, right before.
    pub(crate) fn add(&mut self, evidence: Evidence, length: usize) -> Result<bool, Error> {
        if self.known.last() == Some(&evidence) {
            return Ok(false);
        }
        at_most("a line about a manifest", length as u64, MAX_LINE_BYTES as u64)?;
        let bytes = self.bytes + length;
        at_most("what the lines about manifests have together", bytes as u64, MAX_EVIDENCE_BYTES as u64)?;
        self.bytes = bytes;
        self.known.push(evidence);
        Ok(true)
    }

    /// Those of a Parquet file, in the order of their numbers.
    pub(crate) fn of_metadata(pairs: Option<&Vec<KeyValue>>) -> Result<Self, Error> {
        let number =
            |pair: &&KeyValue| pair.key.strip_prefix(KEY).and_then(|number| number.parse::<u32>().ok());
        let mut pairs: Vec<&KeyValue> =
            pairs.into_iter().flatten().filter(|pair| number(pair).is_some()).collect();
        pairs.sort_by_key(number);
        let mut read = Self::default();
        for pair in pairs {
            let text = pair.value.as_deref().unwrap_or_default();
            read.add(Evidence::read(text.as_bytes()).map_err(Error::Manifest)?, text.len())?;
        }
        Ok(read)
    }

    /// The one that was added last, for the metadata of a file of columns: key and text.
    pub(crate) fn last_pair(&self) -> Option<(String, String)> {
        let last = self.known.last()?;
        Some((format!("{KEY}{}", self.known.len() - 1), last.line()))
    }
}
