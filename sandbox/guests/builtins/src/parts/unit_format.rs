//! `unit-format`: the last quantity of the completion (a number with a unit that measures the same as the wanted one)
//! equals the reference's after conversion. A right number without a unit, or with an unknown one, does not count.

use super::Part;
use crate::args::Reader;
use crate::grade::Sample;
use crate::number::{Number, answer, near, numbers};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Length,
    Mass,
    Time,
    Volume,
    Speed,
    Share,
}

/// Unit, what it measures, and how many base units (m, g, s, L, m/s, 1) it has.
const UNITS: &[(&str, Kind, f64)] = &[
    ("mm", Kind::Length, 0.001),
    ("cm", Kind::Length, 0.01),
    ("m", Kind::Length, 1.0),
    ("km", Kind::Length, 1000.0),
    ("in", Kind::Length, 0.0254),
    ("ft", Kind::Length, 0.3048),
    ("yd", Kind::Length, 0.9144),
    ("mi", Kind::Length, 1609.344),
    ("mg", Kind::Mass, 0.001),
    ("g", Kind::Mass, 1.0),
    ("kg", Kind::Mass, 1000.0),
    ("t", Kind::Mass, 1_000_000.0),
    ("oz", Kind::Mass, 28.349_523_125),
    ("lb", Kind::Mass, 453.592_37),
    ("ms", Kind::Time, 0.001),
    ("s", Kind::Time, 1.0),
    ("min", Kind::Time, 60.0),
    ("h", Kind::Time, 3600.0),
    ("d", Kind::Time, 86_400.0),
    ("ml", Kind::Volume, 0.001),
    ("mL", Kind::Volume, 0.001),
    ("cl", Kind::Volume, 0.01),
    ("l", Kind::Volume, 1.0),
    ("L", Kind::Volume, 1.0),
    ("gal", Kind::Volume, 3.785_411_784),
    ("m/s", Kind::Speed, 1.0),
    ("km/h", Kind::Speed, 1.0 / 3.6),
    ("mph", Kind::Speed, 0.447_04),
    ("%", Kind::Share, 0.01),
];

/// The same units in words, singular.
const WORDS: &[(&str, &str)] = &[
    ("millimeter", "mm"),
    ("centimeter", "cm"),
    ("meter", "m"),
    ("metre", "m"),
    ("kilometer", "km"),
    ("kilometre", "km"),
    ("inch", "in"),
    ("inches", "in"),
    ("foot", "ft"),
    ("feet", "ft"),
    ("yard", "yd"),
    ("mile", "mi"),
    ("milligram", "mg"),
    ("gram", "g"),
    ("kilogram", "kg"),
    ("tonne", "t"),
    ("ounce", "oz"),
    ("lbs", "lb"),
    ("pound", "lb"),
    ("second", "s"),
    ("sec", "s"),
    ("minute", "min"),
    ("hour", "h"),
    ("hr", "h"),
    ("day", "d"),
    ("milliliter", "ml"),
    ("liter", "L"),
    ("litre", "L"),
    ("gallon", "gal"),
    ("percent", "%"),
];
/// Longer runs of letters are no unit.
const UNIT_BYTES: usize = 16;

struct UnitFormat {
    kind: Kind,
    factor: f64,
    abs: f64,
    rel: f64,
    format_value: f64,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Option<Box<dyn Part>> {
    let abs = args.number("abs_tolerance", 0.0, 0.0, 1e300);
    let rel = args.number("rel_tolerance", 1e-9, 0.0, 1.0);
    let format_value = args.number("format_value", 0.0, 0.0, 1.0);
    args.required("unit", "say in which unit the reference is")?;
    let text = args.text("unit", 64)?;
    let Some((kind, factor)) = unit(text) else {
        let known: Vec<&str> = UNITS.iter().map(|(unit, ..)| *unit).collect();
        let detail = format!("`{text}` is not one of {}, nor one of them in words", known.join(", "));
        args.fault("unit", "unsupported_value", detail);
        return None;
    };
    Some(Box::new(UnitFormat { kind, factor, abs, rel, format_value }))
}

impl Part for UnitFormat {
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        let plain = || answer(reference).map(|number| number.value());
        let wanted = self.quantity(reference).or_else(plain).filter(|value| value.is_finite());
        let wanted = wanted.ok_or("the reference holds no number")?;
        let value = |sample: &Sample<'_>| match self.quantity(sample.text) {
            Some(given) if near(given, wanted, self.abs, self.rel) => 1.0,
            Some(_) => self.format_value,
            None => 0.0,
        };
        Ok(samples.iter().map(value).collect())
    }
}

impl UnitFormat {
    /// The last quantity of our kind, in our unit.
    fn quantity(&self, text: &str) -> Option<f64> {
        let mut last: Option<(Number<'_>, f64)> = None;
        for (number, end) in numbers(text) {
            if let Some((_, factor)) = unit_at(&text[end..]).filter(|(kind, _)| *kind == self.kind) {
                last = Some((number, factor));
            }
        }
        last.map(|(number, factor)| number.value() * (factor / self.factor))
    }
}

/// The unit right behind a number: after a space or none, in TeX's `\text{ }` or not.
fn unit_at(after: &str) -> Option<(Kind, f64)> {
    let after = after.strip_prefix("\\,").or_else(|| after.strip_prefix("\\ ")).unwrap_or(after);
    let after = after.strip_prefix([' ', '\u{a0}', '-']).unwrap_or(after);
    let after = ["\\text{", "\\mathrm{"].iter().find_map(|tex| after.strip_prefix(tex)).unwrap_or(after);
    let after = after.strip_prefix(' ').unwrap_or(after);
    let after = after.strip_prefix('\\').unwrap_or(after); // \%
    let part_of_unit = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'%');
    let size = after.bytes().take(UNIT_BYTES + 1).take_while(part_of_unit).count();
    (size <= UNIT_BYTES).then(|| unit(&after[..size])).flatten()
}

fn unit(text: &str) -> Option<(Kind, f64)> {
    let symbol = |text: &str| {
        let word = WORDS.iter().find(|(word, _)| *word == text);
        let text = word.map_or(text, |(_, symbol)| symbol);
        UNITS.iter().find(|(unit, ..)| *unit == text).map(|(_, kind, factor)| (*kind, *factor))
    };
    let plural = || text.strip_suffix('s').filter(|word| word.len() > 2).and_then(symbol);
    symbol(text).or_else(plural)
}
