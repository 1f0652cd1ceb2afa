//! Bytes that come in pieces, to lines: one that is too long is passed over, so that memory stays bounded.

/// The longest line; as much as a whole body of inline prompts may have.
pub const MAX_LINE_BYTES: usize = 8 << 20;

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Text(Vec<u8>),
    /// Longer than [`MAX_LINE_BYTES`].
    TooLong,
}

/// Takes pieces in, gives lines out.
#[derive(Debug, Default)]
pub struct Lines {
    pieces: Vec<u8>,
    /// Where the next line begins in `pieces`, and up to where there is no line end in it.
    next: usize,
    seen: usize,
    /// In the middle of a line that is too long, of which so much was dropped.
    dropped: u64,
    /// Bytes of all lines that were given out, with their ends.
    taken: u64,
}

impl Lines {
    pub fn push(&mut self, piece: &[u8]) {
        if self.next > 0 {
            self.pieces.drain(..self.next);
            self.seen -= self.next;
            self.next = 0;
        }
        self.pieces.extend_from_slice(piece);
    }

    /// Bytes of the lines that were given out so far: where to go on after them.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The next line that is there whole.
    pub fn whole(&mut self) -> Option<Line> {
        let Some(found) = self.pieces[self.seen..].iter().position(|byte| *byte == b'\n') else {
            self.seen = self.pieces.len();
            self.shed();
            return None;
        };
        let end = self.seen + found;
        let line = self.line(end);
        self.taken += (end + 1 - self.next) as u64;
        self.next = end + 1;
        self.seen = self.next;
        Some(line)
    }

    /// What is left when no piece comes any more: a last line without an end.
    pub fn last(&mut self) -> Option<Line> {
        let end = self.pieces.len();
        if end == self.next && self.dropped == 0 {
            return None;
        }
        let line = self.line(end);
        self.taken += (end - self.next) as u64;
        (self.next, self.seen) = (end, end);
        Some(line)
    }

    fn line(&mut self, end: usize) -> Line {
        let is_too_long = self.dropped > 0 || end - self.next > MAX_LINE_BYTES;
        self.taken += std::mem::take(&mut self.dropped);
        if is_too_long { Line::TooLong } else { Line::Text(self.pieces[self.next..end].to_vec()) }
    }

    /// Drops what is there of a line that is too long already.
    fn shed(&mut self) {
        let begun = self.pieces.len() - self.next;
        if begun > MAX_LINE_BYTES || self.dropped > 0 {
            self.dropped += begun as u64;
            self.pieces.clear();
            (self.next, self.seen) = (0, 0);
        }
    }
}

/// Counts the lines of bytes that come in pieces, and keeps none: as many as [`Lines`] gives out.
#[derive(Debug, Clone, Copy, Default)]
pub struct LineCount {
    ends: u64,
    /// The last byte was no line's end.
    is_within: bool,
}

impl LineCount {
    pub fn push(&mut self, piece: &[u8]) {
        self.ends += piece.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.is_within = piece.last().map_or(self.is_within, |byte| *byte != b'\n');
    }

    /// Lines so far; one that has begun counts.
    pub fn lines(&self) -> u64 {
        self.ends + u64::from(self.is_within)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(pieces: &[&[u8]]) -> (Vec<Line>, u64) {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece);
            found.extend(std::iter::from_fn(|| lines.whole()));
        }
        found.extend(lines.last());
        assert_eq!(lines.last(), None);
        (found, lines.taken())
    }

    fn text(text: &str) -> Line {
        Line::Text(text.into())
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_the_pieces(bytes in "[ab\n]{0,60}", cuts in prop::collection::vec(0_usize..60, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes.as_bytes()[pair[0]..pair[1]]).collect();
            let (found, taken) = all(&pieces);
            let mut expected: Vec<&str> = bytes.split('\n').collect();
            if expected.last() == Some(&"") {
                expected.pop();
            }
            let mut count = LineCount::default();
            for piece in &pieces {
                count.push(piece);
            }
            prop_assert_eq!(count.lines(), found.len() as u64);
            prop_assert_eq!(found, expected.into_iter().map(text).collect::<Vec<_>>());
            prop_assert_eq!(taken, bytes.len() as u64);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_not_kept() {
        let long = vec![b'x'; MAX_LINE_BYTES / 2 + 1];
        let (found, taken) = all(&[b"a\n", &long, &long, &long, b"\nb\n", b"c"]);
        assert_eq!(found, [text("a"), Line::TooLong, text("b"), text("c")]);
        assert_eq!(taken, 3 * long.len() as u64 + 6);
        let mut lines = Lines::default();
        for _ in 0..8 {
            lines.push(&long);
            assert_eq!(lines.whole(), None);
            assert!(lines.pieces.len() <= 2 * long.len());
        }
        assert_eq!(lines.last(), Some(Line::TooLong));
        assert_eq!(lines.taken(), 8 * long.len() as u64);
        // as long as it may be
        let most = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(all(&[&most, b"\n"]).0, [Line::Text(most.clone())]);
    }
}
