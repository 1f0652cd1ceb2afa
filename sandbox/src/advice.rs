//! What each stable code means to whoever wrote the function, and what to do about it. Words for people: no program may
//! depend on them.

use crate::outcome::Outcome;
use crate::rejection::RejectionCode;

impl RejectionCode {
    pub const ALL: &[Self] = &[
        Self::TooLarge,
        Self::NotWasm,
        Self::Precompiled,
        Self::InvalidWasm,
        Self::ForbiddenFeature,
        Self::FunctionTooLarge,
        Self::TooManyLocals,
        Self::TooManyFunctions,
        Self::CodeTooLarge,
        Self::TooComplex,
        Self::ForbiddenImport,
        Self::MissingExport,
        Self::WrongSignature,
        Self::Unsupported,
    ];

    /// What its author can do.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::TooLarge => {
                "strip names and debug sections (`wasm-tools strip`, `wasm-opt -Oz`), or compress the data inside"
            }
            Self::NotWasm => {
                "upload the .wasm file itself (over HTTP as the part `module`): no archive, no base64, no source code"
            }
            Self::Precompiled => {
                "send the portable .wasm that the .cwasm was compiled from; it is compiled here"
            }
            Self::InvalidWasm => {
                "the file is cut off or damaged: compare its SHA-256 with what you built, and try `wasm-tools validate`"
            }
            Self::ForbiddenFeature => {
                "build for WebAssembly 2.0 with SIMD: turn off threads, relaxed SIMD, tail calls, exceptions, GC and memory64"
            }
            Self::FunctionTooLarge => {
                "a function has more than 512 KiB of code: split it, or move its tables into data; less inlining helps"
            }
            Self::TooManyLocals => {
                "a function has more than 2000 locals: build with optimisations (-O2), or split it"
            }
            Self::TooManyFunctions => {
                "more than 40,000 functions: link with dead code removed (--gc-sections, LTO)"
            }
            Self::CodeTooLarge => {
                "more than 16 MiB of code: build for size (-Oz), and link with dead code removed"
            }
            Self::TooComplex => {
                "build with optimisations and less inlining; ordinary compilers' output is far below the bound"
            }
            Self::ForbiddenImport => {
                "only `reliquary:reward/host` can be imported: stub WASI when you build, or ask for the \
                 deterministic WASI (`--wasi deterministic`, over HTTP the part `wasi`)"
            }
            Self::MissingExport => {
                "export what the world says: `score` or `reward`, and for a core module `memory` and `cabi_realloc`; \
                 GET /v1/reward_functions/abi has the WIT"
            }
            Self::WrongSignature => {
                "build against the WIT of GET /v1/reward_functions/abi: the export is there, with other parameters or results"
            }
            Self::Unsupported => {
                "try the module in one of the kits, and tell us the SHA-256 if it should work"
            }
        }
    }
}

impl Outcome {
    /// What the function did.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "it graded",
            Self::FuelExhausted => "it used all its fuel",
            Self::MemoryExceeded => "it was refused memory or table space, and then failed",
            Self::TrapUnreachable => "it aborted: `unreachable`, a panic, a failed assertion",
            Self::TrapOob => "it reached outside its memory or table, or called a bad table entry",
            Self::TrapStack => "it ran out of stack",
            Self::TrapArithmetic => {
                "it divided by zero, overflowed, or made an integer of a float that fits none"
            }
            Self::InvalidOutput => {
                "it broke the contract: bad text, list, variant or pointer, wrong number of scores, bad part, log cap"
            }
            Self::NonFiniteScore => "it answered NaN or infinity",
            Self::ScoreOutOfRange => "it answered beyond ±1e6",
            Self::Fault => "it answered with a fault: \"I cannot grade this\"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_says_something() {
        for (index, code) in RejectionCode::ALL.iter().enumerate() {
            assert_eq!(*code as usize, index, "{code}");
            assert!(code.hint().len() > 20, "{code}");
        }
        assert_eq!(RejectionCode::ALL.last(), Some(&RejectionCode::Unsupported), "the enum's last");
        for (index, outcome) in Outcome::ALL.iter().enumerate() {
            assert_eq!(*outcome as usize, index, "{outcome}");
            assert!(!outcome.meaning().is_empty(), "{outcome}");
        }
        assert_eq!(Outcome::ALL.last(), Some(&Outcome::Fault), "the enum's last");
    }
}
