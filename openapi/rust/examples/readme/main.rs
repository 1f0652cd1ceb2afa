//! The README's program, as it stands there.
#![expect(clippy::print_stdout, reason = "it is a program")]

include!("program.rs");
