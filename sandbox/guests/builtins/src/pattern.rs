//! Regular expressions that cannot blow up: `regex-lite` steps through all states at once, so a match costs at most
//! the size of the pattern times the length of the text, and both are capped.

use regex_lite::{Regex, RegexBuilder};

use crate::args::Faults;

pub(crate) const PATTERN_BYTES: usize = 512;
/// Memory of the compiled pattern, about 250 steps; a counted repetition is written out in it. Ordinary patterns cost
/// 2,000 fuel for each byte of text, the worst one that fits costs 50,000.
const COMPILED_BYTES: usize = 8 << 10;
const NESTING: u32 = 16;

pub(crate) fn compile(pattern: &str, ignore_case: bool, at: String, faults: &mut Faults) -> Option<Regex> {
    if pattern.len() > PATTERN_BYTES {
        let detail = format!("{} bytes; at most {PATTERN_BYTES}", pattern.len());
        faults.add(at, "too_long", detail);
        return None;
    }
    let built = RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .size_limit(COMPILED_BYTES)
        .nest_limit(NESTING)
        .build();
    built.map_err(|error| faults.add(at, "invalid_pattern", error.to_string())).ok()
}
