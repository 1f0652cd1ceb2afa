//! `reliquary-run`: the child that runs reward functions of one tenant. Started by the supervisor, never by hand.
//!
//! It confines itself, says how far that went, and then answers one request after the other until its input ends. Whatever
//! it cannot read ends it: a parent that writes nonsense is none.

use std::io::{self, Write as _};
use std::process::ExitCode;

use confine::{Plan, confine, seal};
use sandbox::frame::{self, Failure, Reply, Request, SLOTS};
use sandbox::limits::MEMORY_MAX;
use sandbox::{Error, Loaded, NativeCode, Runner, RunnerSettings};

/// A guest's memories, native code of eight modules, and room for its input and output.
const DATA_BYTES: u64 = 3 * MEMORY_MAX + (1 << 30);
/// Three pipes, the page map, and the images of all memories of eight modules.
const OPEN_FILES: u64 = 256;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // the parent reads this beside the exit status
            let _ = writeln!(io::stderr(), "reliquary-run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let mut report = confine(&Plan { cpu_seconds: None, data_bytes: DATA_BYTES, open_files: OPEN_FILES });
    let runner = Runner::new(&RunnerSettings::default()).map_err(io::Error::other)?;
    seal(&mut report);

    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let report = serde_json::to_string(&report)?;
    frame::write_frame(&mut output, &Reply::Ready(report).frame())?;
    let mut slots: [Option<Loaded>; SLOTS as usize] = Default::default();
    let mut buffer = Vec::new();
    while frame::read_request(&mut input, &mut buffer)? {
        let reply = answer(&runner, &mut slots, Request::read(&buffer)?);
        frame::write_frame(&mut output, &reply.frame())?;
        // the room that native code took is not kept for the small requests that follow
        if buffer.capacity() > 8 << 20 {
            buffer = Vec::new();
        }
    }
    Ok(())
}

fn answer(runner: &Runner, slots: &mut [Option<Loaded>], request: Request<'_>) -> Reply {
    match request {
        Request::Load { slot, world, wasi, code } => {
            let kept = &mut slots[usize::from(slot)];
            // first: two modules need twice the room
            *kept = None;
            match runner.load(&NativeCode::vouched(code), world, wasi) {
                Ok(loaded) => {
                    *kept = Some(loaded);
                    Reply::Loaded
                }
                Err(error) => failed(&error),
            }
        }
        Request::Run { slot, limits, task, samples } => match &slots[usize::from(slot)] {
            Some(loaded) => match runner.run(loaded, &task, &samples, &limits) {
                Ok(ran) => Reply::Ran(ran),
                Err(error) => failed(&error),
            },
            None => Reply::Failed(Failure::Refused, "the slot is empty".to_owned()),
        },
    }
}

fn failed(error: &Error) -> Reply {
    let failure = match error {
        Error::HostTimeout => Failure::Timeout,
        Error::HostMemory => Failure::Memory,
        Error::Engine(_) => Failure::Engine,
        Error::Unusable(_) | Error::Corrupt { .. } => Failure::Unusable,
        // the parent checks these before it asks
        Error::InputTooLarge { .. } | Error::Limits(_) => Failure::Refused,
    };
    let detail = match error {
        Error::Engine(source) => source.to_string(),
        other => other.to_string(),
    };
    Reply::Failed(failure, detail.chars().take(1_000).collect())
}
