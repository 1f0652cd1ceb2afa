//! `regex`: a pattern is found in the completion; with `capture`, the group of its first match is the reference.

use regex_lite::Regex;

use super::{Part, grade_each};
use crate::args::Reader;
use crate::grade::Sample;
use crate::pattern;

struct Pattern {
    regex: Regex,
    capture: Option<usize>,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Option<Box<dyn Part>> {
    let ignore_case = args.flag("ignore_case", false);
    let capture = args.whole("capture", 16).map(|group| group as usize);
    args.required("pattern", "give the pattern")?;
    let text = args.text("pattern", pattern::PATTERN_BYTES)?;
    let at = args.pointer("pattern");
    let regex = pattern::compile(text, ignore_case, at, args.faults())?;
    if let Some(group) = capture.filter(|group| *group >= regex.captures_len()) {
        args.fault("capture", "out_of_range", format!("the pattern has no group {group}"));
    }
    Some(Box::new(Pattern { regex, capture }))
}

impl Part for Pattern {
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        let Some(group) = self.capture else {
            return Ok(grade_each(samples, |text| self.regex.is_match(text)));
        };
        let wanted = reference.trim();
        if wanted.is_empty() {
            return Err("the reference is empty".to_owned());
        }
        Ok(grade_each(samples, |text| {
            let found = self.regex.captures(text).and_then(|captures| captures.get(group));
            found.is_some_and(|given| given.as_str().trim() == wanted)
        }))
    }
}
