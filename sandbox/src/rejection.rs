//! Why an upload is refused. The code is stable; the message is for a person and may change.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stable names of the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// More than 32 MiB.
    TooLarge,
    /// Not WebAssembly at all.
    NotWasm,
    /// Native code compiled by a WebAssembly engine (`.cwasm`); only portable WebAssembly is taken.
    Precompiled,
    /// WebAssembly that breaks the specification.
    InvalidWasm,
    /// Valid WebAssembly, with a feature that is off here.
    ForbiddenFeature,
    /// A function body of more than 512 KiB.
    FunctionTooLarge,
    /// A function with more than 2000 locals.
    TooManyLocals,
    /// More than 40,000 functions.
    TooManyFunctions,
    /// More than 16 MiB of code.
    CodeTooLarge,
    /// Components inside components inside components, too many instances, or code that takes too long to compile.
    TooComplex,
    /// It wants something that the host does not offer.
    ForbiddenImport,
    /// The function, the memory or the allocator that the contract names is not exported.
    MissingExport,
    /// An export has the contract's name and not its type.
    WrongSignature,
    /// It could not be made into a component, or the engine does not take it.
    Unsupported,
}

impl RejectionCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotWasm => "not_wasm",
            Self::Precompiled => "precompiled",
            Self::InvalidWasm => "invalid_wasm",
            Self::ForbiddenFeature => "forbidden_feature",
            Self::FunctionTooLarge => "function_too_large",
            Self::TooManyLocals => "too_many_locals",
            Self::TooManyFunctions => "too_many_functions",
            Self::CodeTooLarge => "code_too_large",
            Self::TooComplex => "too_complex",
            Self::ForbiddenImport => "forbidden_import",
            Self::MissingExport => "missing_export",
            Self::WrongSignature => "wrong_signature",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An upload was refused; nothing was kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    pub code: RejectionCode,
    pub message: String,
}

/// The longest message: it may quote names that the customer chose.
const MESSAGE_BYTES: usize = 600;

impl Rejection {
    pub fn new(code: RejectionCode, message: impl Into<String>) -> Self {
        Self { code, message: shortened(message.into(), MESSAGE_BYTES) }
    }
}

/// Cuts a text that a guest could make long, at a character's border.
pub(crate) fn shortened(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push('…');
    }
    text
}
