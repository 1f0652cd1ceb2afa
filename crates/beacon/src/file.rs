//! Quicknet rounds from a file, for machines that reach no relay: drand's JSON objects one after the other (a line
//! each or not), or one array of them. Whoever wrote the file need not be trusted.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::drand::Answer;
use crate::{Error, Round};

/// Some sixty thousand rounds as relays write them.
const LIMIT: usize = 16 << 20;

/// All rounds of the file, not yet verified. Read anew each time, since the file may grow.
pub(crate) fn rounds(path: &Path) -> Result<Vec<Round>, Error> {
    let io = |source| Error::File { path: path.to_owned(), source };
    let mut text = Vec::new();
    File::open(path).map_err(io)?.take(LIMIT as u64 + 1).read_to_end(&mut text).map_err(io)?;
    let parsed = if text.len() > LIMIT { Err(Error::TooLarge { limit: LIMIT }) } else { parse(&text) };
    parsed.map_err(|source| Error::FileContent { path: path.to_owned(), source: Box::new(source) })
}

fn parse(text: &[u8]) -> Result<Vec<Round>, Error> {
    let is_array = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let answers: Result<Vec<Answer>, _> = if is_array {
        serde_json::from_slice(text)
    } else {
        serde_json::Deserializer::from_slice(text).into_iter().collect()
    };
    answers.map_err(Error::Malformed)?.into_iter().map(Round::try_from).collect()
}
