//! `boxed-math`: the content of the completion's last `\boxed{...}` is the reference's. Both are normalised: spaces,
//! `$`, `\left`, `\right` and thin spaces go; `\dfrac` and `\tfrac` become `\frac`; `\text{x}` becomes `x`; last dots
//! go. Plain numbers then compare by value, all else byte by byte.

use super::{Part, grade_each};
use crate::grade::Sample;

/// Takes no args.
pub(super) struct BoxedMath;

impl Part for BoxedMath {
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        let wanted = normal(boxed(reference).unwrap_or(reference));
        if wanted.is_empty() {
            return Err("the reference is empty".to_owned());
        }
        Ok(grade_each(samples, |text| boxed(text).is_some_and(|given| equal(&normal(given), &wanted))))
    }
}

/// The content of the last complete `\boxed{...}`, in one pass.
pub(super) fn boxed(text: &str) -> Option<&str> {
    const OPENING: &str = "\\boxed{";
    let mut open: Vec<(usize, usize)> = Vec::new(); // (depth outside, start of the content)
    let mut depth = 0usize;
    let mut last: Option<(usize, usize)> = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => {
                if text.as_bytes()[..=at].ends_with(OPENING.as_bytes()) {
                    open.push((depth, at + 1));
                }
                depth += 1;
            }
            b'}' if depth > 0 => {
                depth -= 1;
                if let Some((_, start)) = open.pop_if(|(outside, _)| *outside == depth)
                    && last.is_none_or(|(other, _)| start > other)
                {
                    last = Some((start, at));
                }
            }
            _ => {}
        }
    }
    last.map(|(start, end)| &text[start..end])
}

const GONE: [&str; 4] = ["\\left", "\\right", "\\displaystyle", "\\quad"];
const WRAPPERS: [&str; 5] = ["\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\mbox{"];
const FRACTIONS: [&str; 2] = ["\\dfrac", "\\tfrac"];
/// Wrappers inside each other; deeper ones stay.
const UNWRAPPED: usize = 16;

pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0usize;
    let mut unwrapped: Vec<usize> = Vec::new(); // depths whose closing brace goes too
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(skip) = vanishing(rest) {
            rest = &rest[skip..];
            continue;
        }
        if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| rest.starts_with(**wrapper))
            && unwrapped.len() < UNWRAPPED
        {
            unwrapped.push(depth);
            depth += 1;
            rest = &rest[wrapper.len()..];
            continue;
        }
        if FRACTIONS.iter().any(|fraction| command(rest, fraction)) {
            out.push('\\');
            rest = &rest[2..]; // the rest, `frac`, is copied
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => {
                depth -= 1;
                if unwrapped.last() == Some(&depth) {
                    unwrapped.pop();
                    continue;
                }
            }
            _ => {}
        }
        out.push(c);
    }
    let size = out.trim_end_matches('.').len();
    out.truncate(size);
    out
}

/// The length of what leaves no trace, if the text starts with such.
fn vanishing(text: &str) -> Option<usize> {
    let mut bytes = text.bytes();
    let first = bytes.next()?;
    if matches!(first, b' ' | b'\n' | b'\t' | b'\r' | b'$') {
        return Some(1);
    }
    if first != b'\\' {
        return None;
    }
    if matches!(bytes.next(), Some(b'!' | b',' | b';' | b':' | b' ' | b'\n' | b'\t' | b'\r')) {
        return Some(2);
    }
    GONE.iter().find(|word| command(text, word)).map(|word| word.len())
}

/// Whether the TeX command stands here: `\left` is not the beginning of `\leftarrow`.
fn command(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn equal(a: &str, b: &str) -> bool {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Sign, whole digits and decimals in their shortest spelling, where all of a normal form is a number.
fn number(text: &str) -> Option<(bool, String, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped = groups.len() == 1
        || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3));
    if !grouped || !groups.iter().all(|group| digits(group)) || !digits(fraction) {
        return None;
    }
    let whole = groups.concat().trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0');
    let zero = whole.is_empty() && fraction.is_empty(); // there is one zero
    Some((text.starts_with('-') && !zero, whole, fraction))
}
