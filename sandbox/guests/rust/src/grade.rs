//! The reward itself; `sandbox/guests/README.md` says what it is. Texts are read as bytes: everything that counts
//! is ASCII, and no byte of another character looks like it.

const MARKER: &str = "####";
const FREE_TOKENS: usize = 512;

/// What a completion earns, and for what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graded {
    pub reward: f64,
    pub correct: f64,
    pub format: f64,
    pub length: f64,
}

/// Grades a completion against the reference's answer.
pub fn grade(wanted: &Answer<'_>, text: &str, tokens: usize) -> Graded {
    let correct = if answer(text).is_some_and(|given| given == *wanted) { 1.0 } else { 0.0 };
    let format = if text.contains(MARKER) { 1.0 } else { 0.0 };
    let length = 0.0 - 0.001 * tokens.saturating_sub(FREE_TOKENS) as f64;
    Graded { reward: correct + 0.1 * format + length, correct, format, length }
}

/// The answer of a text: the first number after the last marker or, where there is no marker, the last number.
pub fn answer(text: &str) -> Option<Answer<'_>> {
    let bytes = text.as_bytes();
    if let Some(marker) = text.rfind(MARKER) {
        return next(bytes, marker + MARKER.len()).map(|(number, _)| number);
    }
    // Numbers hold no other bytes than these, so reading on from any other byte finds the same ones.
    let mut at = bytes.iter().rposition(u8::is_ascii_digit)?;
    while at > 0 && (bytes[at - 1].is_ascii_digit() || matches!(bytes[at - 1], b',' | b'.' | b'-')) {
        at -= 1;
    }
    let mut last = None;
    while let Some((number, end)) = next(bytes, at) {
        last = Some(number);
        at = end;
    }
    last
}

/// A decimal number, as it is written. Two are equal when they have the same digits, but for commas, zeros at the
/// ends and the sign of zero: 1,234.50 is 1234.5.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    negative: bool,
    /// Begins with a digit; may hold commas.
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl PartialEq for Answer<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.digits().eq(other.digits())
            && self.decimals() == other.decimals()
            && (self.negative == other.negative || self.is_zero())
    }
}

impl Answer<'_> {
    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.whole.iter().copied().filter(|byte| *byte != b',').skip_while(|byte| *byte == b'0')
    }

    fn decimals(&self) -> &[u8] {
        let size = self.fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1);
        &self.fraction[..size]
    }

    fn is_zero(&self) -> bool {
        self.digits().next().is_none() && self.decimals().is_empty()
    }
}

/// The first number at or after a place, and its end: `-?[0-9][0-9,]*(\.[0-9]+)?`.
fn next(bytes: &[u8], from: usize) -> Option<(Answer<'_>, usize)> {
    let start = from + bytes[from..].iter().position(u8::is_ascii_digit)?;
    let negative = start > from && bytes[start - 1] == b'-';
    let run = |start: usize, comma: bool| {
        let inside = |byte: &&u8| byte.is_ascii_digit() || (comma && **byte == b',');
        start + bytes[start..].iter().take_while(inside).count()
    };
    let end = run(start, true);
    let whole = &bytes[start..end];
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        let fraction_end = run(end + 1, false);
        return Some((Answer { negative, whole, fraction: &bytes[end + 1..fraction_end] }, fraction_end));
    }
    Some((Answer { negative, whole, fraction: &[] }, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (a, b, same) in [
            ("72", "It is 72.", true),
            ("72", "72, or 73", false),
            ("72", "#### 72 of 100", true),
            ("72", "#### 1\n#### 72", true),
            ("72", "72 ####", false),
            ("1,234.50", "1234.5", true),
            ("-5", "10-5", true),
            ("5", "10 - 5", true),
            ("0", "-0.00", true),
            ("007", "7,", true),
            ("4", "2.3.4", true),
            ("3.4", "1.2.3.4", true),
            ("72", "７２ and \u{664}", false),
            ("72", "", false),
        ] {
            assert_eq!(answer(a) == answer(b), same, "{a} {b}");
        }
        assert!(answer("no number").is_none());
    }

    #[test]
    fn parts_add_up() {
        let wanted = answer("#### 72").unwrap();
        let graded = grade(&wanted, "#### 72", 612);
        assert_eq!(graded, Graded { reward: 1.0 + 0.1 - 0.1, correct: 1.0, format: 1.0, length: -0.1 });
        assert_eq!(grade(&wanted, "", 512).reward.to_bits(), 0);
    }
}
