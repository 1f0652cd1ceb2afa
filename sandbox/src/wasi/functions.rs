//! The functions that the profile has, apart from those of streams: each of them in one line of one table.

use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource};

use crate::guest::{Caller, Guest, charge};

use super::streams::{self, Standard};
use super::{Absent, CALL_FUEL, RANDOM_BYTES, TICK_NANOSECONDS, WALL_SECONDS, refusal, state};

/// Defines `name` if the profile has it.
pub(super) fn define(
    place: &mut LinkerInstance<'_, Guest>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("wasi:cli/environment", "get-environment") => place.func_wrap(name, empty::<Vec<(String, String)>>),
        ("wasi:cli/environment", "get-arguments") => place.func_wrap(name, empty::<Vec<String>>),
        ("wasi:cli/environment", "initial-cwd") => place.func_wrap(name, empty::<Option<String>>),
        ("wasi:cli/terminal-stdin", "get-terminal-stdin")
        | ("wasi:cli/terminal-stdout", "get-terminal-stdout")
        | ("wasi:cli/terminal-stderr", "get-terminal-stderr") => {
            place.func_wrap(name, empty::<Option<Resource<Absent>>>)
        }
        ("wasi:filesystem/preopens", "get-directories") => {
            place.func_wrap(name, empty::<Vec<(Resource<Absent>, String)>>)
        }
        ("wasi:cli/stdin", "get-stdin") => place.func_wrap(name, streams::input),
        ("wasi:cli/stdout", "get-stdout") => {
            place.func_wrap(name, |caller: Caller<'_>, ()| streams::output(caller, Standard::Out))
        }
        ("wasi:cli/stderr", "get-stderr") => {
            place.func_wrap(name, |caller: Caller<'_>, ()| streams::output(caller, Standard::Error))
        }
        ("wasi:io/streams", _) => return streams::define(place, name),
        ("wasi:clocks/wall-clock", "now") => place.func_wrap(name, wall_now),
        ("wasi:clocks/wall-clock", "resolution") => place.func_wrap(name, wall_resolution),
        ("wasi:clocks/monotonic-clock", "now") => place.func_wrap(name, monotonic_now),
        ("wasi:clocks/monotonic-clock", "resolution") => place.func_wrap(name, monotonic_resolution),
        ("wasi:random/random", "get-random-bytes")
        | ("wasi:random/insecure", "get-insecure-random-bytes") => place.func_wrap(name, random_bytes),
        ("wasi:random/random", "get-random-u64") | ("wasi:random/insecure", "get-insecure-random-u64") => {
            place.func_wrap(name, random_u64)
        }
        ("wasi:random/insecure-seed", "insecure-seed") => place.func_wrap(name, random_pair),
        _ => return Ok(false),
    }?;
    Ok(true)
}

#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// There is nothing of the kind.
fn empty<T: Default>(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(T,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((T::default(),))
}

fn wall_now(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(Datetime,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((Datetime { seconds: WALL_SECONDS, nanoseconds: 0 },))
}

fn wall_resolution(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(Datetime,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((Datetime { seconds: 1, nanoseconds: 0 },))
}

fn monotonic_now(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(u64,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((state(&mut caller)?.tick(),))
}

fn monotonic_resolution(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(u64,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((TICK_NANOSECONDS,))
}

fn random_bytes(mut caller: Caller<'_>, (length,): (u64,)) -> wasmtime::Result<(Vec<u8>,)> {
    if length > RANDOM_BYTES {
        return Err(refusal(format!("{length} random bytes in one call; the limit is {RANDOM_BYTES}")));
    }
    charge(&mut caller, CALL_FUEL + length)?;
    let mut bytes = vec![0; length as usize];
    state(&mut caller)?.fill_random(&mut bytes);
    Ok((bytes,))
}

fn random_u64(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(u64,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((state(&mut caller)?.random_u64(),))
}

fn random_pair(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<((u64, u64),)> {
    charge(&mut caller, CALL_FUEL)?;
    let state = state(&mut caller)?;
    Ok(((state.random_u64(), state.random_u64()),))
}
