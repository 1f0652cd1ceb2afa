//! `numeric`: the completion's answer is the reference's number, as written or within a tolerance.

use super::{Part, grade_each};
use crate::args::Reader;
use crate::grade::Sample;
use crate::number::answer;

struct Numeric {
    abs: f64,
    rel: f64,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Box<dyn Part> {
    let abs = args.number("abs_tolerance", 0.0, 0.0, 1e300);
    let rel = args.number("rel_tolerance", 0.0, 0.0, 1.0);
    Box::new(Numeric { abs, rel })
}

impl Part for Numeric {
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        let wanted = answer(reference).ok_or("the reference holds no number")?;
        Ok(grade_each(samples, |text| {
            answer(text).is_some_and(|given| given.near(&wanted, self.abs, self.rel))
        }))
    }
}
