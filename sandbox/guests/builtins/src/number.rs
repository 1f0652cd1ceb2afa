//! Decimal numbers in prose: where they stand, and whether two are the same. Known: thousands commas, + - and
//! U+2212 as signs, $, decimals. Not known: exponents, fractions, words, digits beyond ASCII.

/// A number as it is written; `whole` may hold commas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    pub(crate) negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

/// Every number of a text, in order, with the place behind it.
pub(crate) fn numbers(text: &str) -> impl Iterator<Item = (Number<'_>, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(&byte) = bytes.get(at) {
            let digit_next = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            let dot = byte == b'.' && digit_next && (at == 0 || !is_word(bytes[at - 1]));
            if byte.is_ascii_digit() || dot {
                let (number, end) = read(text, at);
                at = end;
                return Some((number, end));
            }
            at += 1;
        }
        None
    })
}

/// The number that a text gives as its answer: the first one on the line after the last `####` (the GSM8K
/// habit), else the last one anywhere.
pub(crate) fn answer(text: &str) -> Option<Number<'_>> {
    let marked = text.rfind("####").and_then(|at| {
        let line = text[at + 4..].split('\n').next().unwrap_or("");
        numbers(line).next()
    });
    marked.or_else(|| numbers(text).last()).map(|(number, _)| number)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn read(text: &str, start: usize) -> (Number<'_>, usize) {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let comma = byte == b',' && at > start && is_thousands(bytes, at);
        if !byte.is_ascii_digit() && !comma {
            break;
        }
        at += 1;
    }
    let whole = &text[start..at];
    let mut fraction = "";
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        fraction = &text[at + 1..at + 1 + digits];
        at += 1 + digits;
    }
    (Number { negative: is_negative(&bytes[..start]), whole, fraction }, at)
}

/// Whether the comma separates thousands: exactly three digits follow.
fn is_thousands(bytes: &[u8], comma: usize) -> bool {
    let digit = |offset: usize| bytes.get(comma + offset).is_some_and(u8::is_ascii_digit);
    digit(1) && digit(2) && digit(3) && !digit(4)
}

/// Whether a minus ends this. After a word or a closing bracket it is an operator, not a sign.
fn is_negative(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"$").unwrap_or(before);
    let minus = before.strip_suffix(b"-").or_else(|| before.strip_suffix("\u{2212}".as_bytes()));
    minus.is_some_and(|rest| rest.last().is_none_or(|&byte| !is_word(byte) && byte != b')' && byte != b']'))
}

impl Number<'_> {
    /// Equal as written, digit by digit, without rounding: 1,234.50 is 1234.5.
    pub(crate) fn same(&self, other: &Number<'_>) -> bool {
        let whole = self.digits().eq(other.digits());
        let fraction = self.decimals() == other.decimals();
        let zero = self.digits().next().is_none() && self.decimals().is_empty();
        whole && fraction && (zero || self.negative == other.negative)
    }

    /// The nearest double; infinite where it is too large for one.
    pub(crate) fn value(&self) -> f64 {
        let mut text = String::with_capacity(self.whole.len() + self.fraction.len() + 4);
        if self.negative {
            text.push('-');
        }
        text.push('0');
        text.extend(self.digits());
        text.push('.');
        text.push_str(self.fraction);
        text.push('0');
        text.parse().unwrap_or(f64::NAN)
    }

    /// Whether the two are the same, or as near as a tolerance allows; `rel` is of the other.
    pub(crate) fn near(&self, wanted: &Number<'_>, abs: f64, rel: f64) -> bool {
        self.same(wanted) || ((abs > 0.0 || rel > 0.0) && near(self.value(), wanted.value(), abs, rel))
    }

    fn digits(&self) -> impl Iterator<Item = char> + '_ {
        self.whole.chars().filter(|c| *c != ',').skip_while(|c| *c == '0')
    }

    fn decimals(&self) -> &str {
        self.fraction.trim_end_matches('0')
    }
}

pub(crate) fn near(given: f64, wanted: f64, abs: f64, rel: f64) -> bool {
    given.is_finite() && wanted.is_finite() && (given - wanted).abs() <= abs.max(rel * wanted.abs())
}
