//! `length-window`: 1 while the completion's length is inside the window, falling to 0 over the soft edges.

use super::Part;
use crate::args::Reader;
use crate::grade::Sample;

const MOST: u32 = 1 << 24;

#[derive(Clone, Copy)]
enum Unit {
    Tokens,
    Chars,
}

struct LengthWindow {
    unit: Unit,
    min: u32,
    max: u32,
    soft: u32,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Option<Box<dyn Part>> {
    let unit = args.word("unit", &[("tokens", Unit::Tokens), ("chars", Unit::Chars)], Unit::Tokens);
    let min = args.whole("min", MOST).unwrap_or(0);
    let soft = args.whole("soft", MOST).unwrap_or(0);
    args.required("max", "say how long a completion may be")?;
    let max = args.whole("max", MOST)?;
    if min > max {
        args.fault("min", "out_of_range", format!("{min} is more than `max`, {max}"));
    }
    Some(Box::new(LengthWindow { unit, min, max, soft }))
}

impl Part for LengthWindow {
    fn grade(&self, _reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        Ok(samples.iter().map(|sample| self.value(sample)).collect())
    }
}

impl LengthWindow {
    fn value(&self, sample: &Sample<'_>) -> f64 {
        let length = match self.unit {
            Unit::Tokens => sample.tokens,
            Unit::Chars => sample.text.chars().count(),
        };
        let below = (self.min as usize).saturating_sub(length);
        let above = length.saturating_sub(self.max as usize);
        let outside = below.max(above);
        if outside == 0 {
            1.0
        } else if outside >= self.soft as usize {
            0.0
        } else {
            1.0 - outside as f64 / f64::from(self.soft)
        }
    }
}
