//! Why a call has no number, in the classes that the sandbox has for it.

use std::fmt;

use wasmi::TrapCode;

/// How a call failed. The names are those of the sandbox's outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trap {
    /// It took more steps than the oracle has patience for. No verdict: the sandbox's fuel is another.
    OutOfSteps,
    /// It was refused memory or table space, and then failed. Unlike the sandbox, the interpreter does not say when a
    /// memory's own maximum was the limit: then the failure stands under its own name.
    MemoryExceeded,
    /// It executed `unreachable`.
    Unreachable,
    /// It reached outside its memory or table, or called through a bad table entry.
    OutOfBounds,
    /// It ran out of stack. How deep that is differs from the sandbox.
    Stack,
    /// Division by zero, integer overflow, or a float that fits no integer.
    Arithmetic,
    /// Its allocator gave room that is not there or not aligned.
    Contract,
}

impl Trap {
    /// The name of the sandbox's outcome.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutOfSteps => "fuel_exhausted",
            Self::MemoryExceeded => "memory_exceeded",
            Self::Unreachable => "trap_unreachable",
            Self::OutOfBounds => "trap_oob",
            Self::Stack => "trap_stack",
            Self::Arithmetic => "trap_arithmetic",
            Self::Contract => "invalid_output",
        }
    }

    pub(crate) fn of(code: TrapCode) -> Self {
        match code {
            TrapCode::UnreachableCodeReached => Self::Unreachable,
            TrapCode::MemoryOutOfBounds
            | TrapCode::TableOutOfBounds
            | TrapCode::IndirectCallToNull
            | TrapCode::BadSignature => Self::OutOfBounds,
            TrapCode::IntegerDivisionByZero
            | TrapCode::IntegerOverflow
            | TrapCode::BadConversionToInteger => Self::Arithmetic,
            TrapCode::StackOverflow => Self::Stack,
            TrapCode::OutOfFuel => Self::OutOfSteps,
            TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory => Self::MemoryExceeded,
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Trap {}
