//! `exact-match`: the completion, or what stands after a marker in it, is the reference.

use super::{Part, grade_each};
use crate::args::Reader;
use crate::grade::Sample;

struct ExactMatch {
    ignore_case: bool,
    ignore_spaces: bool,
    after: Option<String>,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Box<dyn Part> {
    let ignore_case = args.flag("ignore_case", false);
    let ignore_spaces = args.flag("ignore_spaces", true);
    let after = args.text("after", 256).map(str::to_owned);
    Box::new(ExactMatch { ignore_case, ignore_spaces, after })
}

impl Part for ExactMatch {
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        let wanted = self.normal(reference);
        if wanted.is_empty() {
            return Err("the reference is empty".to_owned());
        }
        Ok(grade_each(samples, |text| self.answer(text).is_some_and(|given| self.normal(given) == wanted)))
    }
}

impl ExactMatch {
    fn answer<'a>(&self, text: &'a str) -> Option<&'a str> {
        match &self.after {
            None => Some(text),
            Some(marker) => text.rfind(marker.as_str()).map(|at| &text[at + marker.len()..]),
        }
    }

    fn normal(&self, text: &str) -> String {
        let spaced = if self.ignore_spaces {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            text.to_owned()
        };
        if self.ignore_case { spaced.to_lowercase() } else { spaced }
    }
}
