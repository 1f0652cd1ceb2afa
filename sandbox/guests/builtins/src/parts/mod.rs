//! The parts that a reward can be made of, one file each. A part's value is from 0 to 1.

mod boxed_math;
mod exact_match;
mod json_schema;
mod length_window;
mod multiple_choice;
mod numeric;
mod regex;
mod unit_format;

use crate::args::Reader;
use crate::grade::Sample;

/// One way to grade.
pub(crate) trait Part {
    /// One value per sample, or why this reference cannot be graded against.
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String>;
}

/// What came of a name and its args.
pub(crate) enum Built {
    Part(Box<dyn Part>),
    /// What is wrong with the args is among the reader's faults.
    Faulty,
    NoSuchPart,
}

impl From<Option<Box<dyn Part>>> for Built {
    fn from(part: Option<Box<dyn Part>>) -> Self {
        part.map_or(Self::Faulty, Self::Part)
    }
}

pub(crate) const NAMES: [&str; 8] = [
    "exact-match",
    "regex",
    "numeric",
    "boxed-math",
    "multiple-choice",
    "json-schema",
    "unit-format",
    "length-window",
];

pub(crate) fn build(name: &str, args: &mut Reader<'_, '_>) -> Built {
    match name {
        "exact-match" => Built::Part(exact_match::build(args)),
        "regex" => regex::build(args).into(),
        "numeric" => Built::Part(numeric::build(args)),
        "boxed-math" => Built::Part(Box::new(boxed_math::BoxedMath)),
        "multiple-choice" => Built::Part(multiple_choice::build(args)),
        "json-schema" => json_schema::build(args).into(),
        "unit-format" => unit_format::build(args).into(),
        "length-window" => length_window::build(args).into(),
        _ => Built::NoSuchPart,
    }
}

/// 1 for yes, 0 for no, for every sample.
fn grade_each(samples: &[Sample<'_>], passes: impl Fn(&str) -> bool) -> Vec<f64> {
    samples.iter().map(|sample| f64::from(u8::from(passes(sample.text)))).collect()
}
