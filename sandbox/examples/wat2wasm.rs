//! Assembles a text module: `wat2wasm in.wat out.wasm`. For the fixtures in `sandbox/guests/wat`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [source, target] = arguments.as_slice() else {
        eprintln!("usage: wat2wasm in.wat out.wasm");
        return ExitCode::FAILURE;
    };
    let assembled = wat::parse_file(source).map_err(|e| e.to_string());
    match assembled.and_then(|wasm| std::fs::write(target, wasm).map_err(|e| e.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
