//! What is wrong with an input, and where.

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into what was read: a body, or one line of a file.
    pub pointer: String,
    /// Stable name of what is wrong.
    pub code: &'static str,
    pub detail: String,
}

/// What was found to be wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(Fault { pointer: pointer.into(), code, detail: detail.into() });
    }
}

/// Of one text of a fault that is kept: it may quote what it is about.
const MAX_KEPT_CHARS: usize = 500;
/// Of the texts of all faults of one file that are kept.
const MAX_KEPT_BYTES: usize = 256 << 10;

/// What there is room for of the faults of one file, where they are written beside it. They quote strangers: a key of a line may
/// have as much as a line, and characters that no column takes.
#[derive(Debug)]
pub struct Room {
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: MAX_KEPT_BYTES }
    }
}

impl Room {
    /// The fault as it is kept: cut, and without control characters. `None`: those before it have taken the room.
    pub fn keep(&mut self, fault: Fault) -> Option<Fault> {
        let Fault { pointer, code, detail } = fault;
        let (pointer, detail) = (kept(&pointer), kept(&detail));
        self.bytes = self.bytes.saturating_sub(pointer.len() + code.len() + detail.len());
        (self.bytes > 0).then_some(Fault { pointer, code, detail })
    }
}

fn kept(text: &str) -> String {
    let plain =
        |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { char::REPLACEMENT_CHARACTER } else { c };
    let mut kept: String = text.chars().take(MAX_KEPT_CHARS).map(plain).collect();
    if kept.len() < text.len() && text.chars().nth(MAX_KEPT_CHARS).is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(pointer: &str, detail: &str) -> Fault {
        Fault { pointer: pointer.to_owned(), code: "c", detail: detail.to_owned() }
    }

    #[test]
    fn what_is_kept_is_short_and_can_be_stored() {
        let mut room = Room::default();
        let plain = fault("#/a", "two\nlines, and ä");
        assert_eq!(room.keep(plain.clone()), Some(plain));
        let long = format!("#/{}", "x".repeat(8 << 20));
        let found = room.keep(fault(&long, "\0\u{1b}\u{7f}")).unwrap();
        assert_eq!(found.pointer.chars().count(), MAX_KEPT_CHARS);
        assert!(found.pointer.starts_with("#/xx") && found.pointer.ends_with("x…"));
        assert_eq!(found.detail, "\u{fffd}\u{fffd}\u{fffd}");
        let whole = "ä".repeat(MAX_KEPT_CHARS);
        assert_eq!(room.keep(fault("#", &whole)).unwrap().detail, whole);
    }

    #[test]
    fn all_that_is_kept_has_a_bound() {
        let mut room = Room::default();
        let long = "\u{fffd}".repeat(MAX_KEPT_CHARS);
        let kept = std::iter::repeat_with(|| room.keep(fault(&long, &long))).map_while(|kept| kept).count();
        assert!((80..90).contains(&kept), "{kept}");
        assert_eq!(
            room.keep(fault("#", "short")),
            None,
            "the first that are found are told, and no later ones"
        );
    }
}
