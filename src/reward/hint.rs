//! What an author can do about a refusal.

use sandbox::RejectionCode as Code;

pub(super) fn hint(code: Code) -> &'static str {
    match code {
        Code::TooLarge => {
            "strip debug information (`wasm-tools strip`, `-C strip=symbols`) and data that is not needed"
        }
        Code::NotWasm => "upload the .wasm file that your toolchain wrote, not its source and not an archive",
        Code::Precompiled => "upload the portable .wasm; the service compiles it itself",
        Code::InvalidWasm => {
            "build it again: the file is cut short or was changed (`wasm-tools validate` says where)"
        }
        Code::ForbiddenFeature => {
            "turn the feature off in your compiler: the sandbox takes WebAssembly 2.0 with SIMD, without threads, 64-bit \
             memory, exceptions, tail calls or garbage collection"
        }
        Code::FunctionTooLarge | Code::TooManyLocals => {
            "split the function, or optimise for size (`-Os`, `opt-level = \"s\"`) so that less is inlined"
        }
        Code::TooManyFunctions | Code::CodeTooLarge => {
            "optimise for size and leave out libraries that the reward does not use"
        }
        Code::TooComplex => {
            "optimise for size, split functions with very many branches, and nest fewer components"
        }
        Code::ForbiddenImport => {
            "leave out what needs the import; if it is WASI, try `--wasi deterministic`, which gives clocks, randomness and \
             output that are the same in every run"
        }
        Code::MissingExport => {
            "export `score` (world reward) or `reward` (world reward-simple), and from a core module also `memory` and \
             `cabi_realloc`; the kits in sandbox/guests do"
        }
        Code::WrongSignature => {
            "compare the function's type with sandbox/wit/reward.wit, or begin with a kit in sandbox/guests"
        }
        Code::Unsupported => {
            "begin with a kit in sandbox/guests: its build makes components that the engine takes"
        }
    }
}
