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
