//! `multiple-choice`: the completion chooses the reference's letter. The choice of a text is, in this order: the
//! letter in its last `\boxed{...}`; the letter after the last `answer` that has one; the letter that its last
//! line starts with. Letters are upper case: `a` is a word.

use super::boxed_math::{boxed, normal};
use super::{Part, grade_each};
use crate::args::Reader;
use crate::grade::Sample;

/// How far behind `answer` the letter may stand.
const REACH: usize = 48;
const FILLERS: [&str; 10] =
    ["is", "be", "the", "option", "choice", "letter", "correct", "final", "would", "should"];

struct MultipleChoice {
    letters: String,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Box<dyn Part> {
    let letters = args.text("letters", 26).unwrap_or("ABCDE");
    let mut seen = [false; 26];
    let distinct = letters.bytes().all(|byte| {
        byte.is_ascii_uppercase() && !std::mem::replace(&mut seen[usize::from(byte - b'A')], true)
    });
    if !distinct || letters.len() < 2 {
        args.fault("letters", "unsupported_value", "give 2 to 26 different letters of A-Z, such as ABCD");
    }
    Box::new(MultipleChoice { letters: letters.to_owned() })
}

impl Part for MultipleChoice {
    fn grade(&self, reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        let wanted = self
            .choice(reference)
            .ok_or_else(|| format!("the reference chooses none of the letters {}", self.letters))?;
        Ok(grade_each(samples, |text| self.choice(text) == Some(wanted)))
    }
}

impl MultipleChoice {
    fn choice(&self, text: &str) -> Option<char> {
        let in_box = boxed(text).and_then(|content| self.leading(&normal(content)));
        in_box.or_else(|| self.announced(text)).or_else(|| {
            let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
            self.leading(line)
        })
    }

    /// The letter that a text starts with, alone: `B`, `(B)`, `**B.** Paris`, `B) Paris`.
    fn leading(&self, text: &str) -> Option<char> {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || "([*\"'`$".contains(c));
        let letter = text.chars().next().filter(|c| self.letters.contains(*c))?;
        let rest = text[1..].trim_start_matches(['*', '"', '\'', '`', '$']);
        let alone = rest.trim().is_empty() || rest.starts_with([')', ']', '.', ':', ',']);
        alone.then_some(letter)
    }

    /// The letter after the last `answer` that has one: `Answer: (B)`, `the answer is option B because`.
    fn announced(&self, text: &str) -> Option<char> {
        let bytes = text.as_bytes();
        let starts = (0..bytes.len().saturating_sub(5)).rev();
        let mut marks = starts.filter(|&at| bytes[at..at + 6].eq_ignore_ascii_case(b"answer"));
        marks.find_map(|at| {
            let after = &text[at + 6..];
            let near = &after[..after.floor_char_boundary(REACH)];
            let words = near.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            let word = words.into_iter().find(|word| !FILLERS.contains(word))?;
            word.chars().next().filter(|c| word.len() == 1 && self.letters.contains(*c))
        })
    }
}
