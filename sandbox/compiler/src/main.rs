//! `reliquary-compile`: the child that checks and compiles one module, and ends. Started by the supervisor.
//!
//! It confines itself first. What is wrong with the module is its answer; what the module does to the compiler (time,
//! memory, a crash) is its exit status, which the parent reads.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use compiler::{Compiler, prepare};
use confine::{Plan, confine, seal};
use sandbox::compiling::{Answer, Hello, Request};
use sandbox::{Module, Rejection, RejectionCode};

/// What one module may take; the scan's caps keep honest ones far below.
const CPU_SECONDS: u64 = 120;
const DATA_BYTES: u64 = 2 << 30;
/// Three pipes, the page map, and the images of the module's memories.
const OPEN_FILES: u64 = 64;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // the parent reads this beside the exit status
            let _ = writeln!(io::stderr(), "reliquary-compile: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let plan = Plan { cpu_seconds: Some(CPU_SECONDS), data_bytes: DATA_BYTES, open_files: OPEN_FILES };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let mut report = confine(&plan);
    // all threads run before the list of system calls is closed: none can be started afterwards
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(io::Error::other)?;
    rayon::broadcast(|_| ());
    let compiler = Compiler::new().map_err(io::Error::other)?;
    seal(&mut report);

    let mut output = io::stdout().lock();
    Hello { confinement: report, compatibility: compiler.compatibility() }.write(&mut output)?;
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(()); // the parent only wanted to know how it is confined
    }
    answer(&compiler, Request::read(&bytes)?).write(&mut output)
}

fn answer(compiler: &Compiler, request: Request<'_>) -> Answer {
    let compiled = || -> Result<(Module, Vec<u8>), Rejection> {
        let module = match request {
            Request::Upload { wasi, upload } => prepare(upload, wasi)?,
            Request::Component { info, component } => Module::from_parts(info, component.to_vec())
                .map_err(|error| Rejection::new(RejectionCode::Unsupported, error.to_string()))?,
        };
        let code = compiler.compile(&module)?;
        Ok((module, code))
    };
    match compiled() {
        Ok((module, code)) => Answer::Compiled { module, code },
        Err(rejection) => Answer::Rejected(rejection),
    }
}
