//! What can be wrong with settings: there is nothing else here that can fail.

/// A setting outside of its range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("audit setting `{setting}` is {value}; it must be {range}")]
pub struct Error {
    pub setting: &'static str,
    pub value: f64,
    pub range: &'static str,
}

impl Error {
    /// `Ok` when `holds`.
    pub(crate) fn unless(
        holds: bool,
        setting: &'static str,
        value: impl Into<f64>,
        range: &'static str,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { setting, value: value.into(), range }) }
    }
}
