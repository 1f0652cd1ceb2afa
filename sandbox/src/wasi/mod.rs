//! The WASI profile `deterministic`: enough of WASI 0.2 that what ordinary toolchains emit starts and grades,
//! and nothing that differs between machines or runs.
//!
//! | interface | what the guest sees |
//! |---|---|
//! | `wasi:cli` | no environment, arguments, directory or terminal; stdin at its end; stdout and stderr are its log |
//! | `wasi:clocks` | a wall clock that stands still; a monotonic clock that counts its readings |
//! | `wasi:random` | bytes that follow from the call's input |
//! | `wasi:filesystem` | no preopened directory, and so no file |
//!
//! All else of the namespace `wasi:` links and ends the call when it is used, like `unreachable`: exit, polling,
//! sleeping, sockets, HTTP. It is the guest that ends, never the host that waits.
//!
//! Every function has a price in fuel, and nothing of the host grows with the number of calls: no tables, a log
//! with a cap, a count of open streams. The interfaces are WASI's; no line of wasmtime-wasi runs.

mod functions;
mod state;
mod streams;

use wasmtime::Trap;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType};

use crate::guest::{Caller, Guest};
use crate::hash::Transcript;

pub(crate) use state::Wasi;

use streams::{InputStream, OutputStream};

/// What every call of a WASI function costs, before what its bytes cost.
const CALL_FUEL: u64 = 1_000;
/// 2000-01-01: the wall clock's one time.
const WALL_SECONDS: u64 = 946_684_800;
/// How far a reading advances the monotonic clock.
const TICK_NANOSECONDS: u64 = 1_000;
/// Random bytes that one call may ask for.
const RANDOM_BYTES: u64 = 64 << 10;
/// Bytes that one write may hold: as many as WASI promises a guest.
const WRITE_BYTES: u64 = 4 << 10;
/// Handles to standard streams that a guest may hold at a time.
const OPEN_STREAMS: usize = 64;

/// A resource of which no guest ever holds one: sockets, files, terminals, what could be polled.
enum Absent {}

/// Whether the profile lets a component import this interface.
pub fn is_offered(interface: &str) -> bool {
    interface.starts_with("wasi:") && interface.contains("@0.2.")
}

/// Defines every function and resource that the component imports from the namespace `wasi:`.
///
/// By the names that it imports: so any 0.2 version links, and what this host has never heard of is refused
/// when it is called and not before.
pub(crate) fn offer(linker: &mut Linker<Guest>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (import, item) in component.component_type().imports(&engine) {
        // What is no interface stays undefined, and the linker says so.
        if let (true, ComponentItem::ComponentInstance(instance)) = (is_offered(import), item.ty) {
            let interface = import.split('@').next().unwrap_or(import);
            let mut place = linker.instance(import)?;
            for (name, item) in instance.exports(&engine) {
                match item.ty {
                    ComponentItem::ComponentFunc(_) => define_function(&mut place, interface, name)?,
                    ComponentItem::Resource(_) => define_resource(&mut place, name)?,
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

fn define_function(
    place: &mut LinkerInstance<'_, Guest>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<()> {
    if functions::define(place, interface, name)? {
        return Ok(());
    }
    let wanted = format!("`{interface}` {name}: the WASI profile `deterministic` does not have it");
    place.func_new(name, move |_, _, _, _| Err(refusal(wanted.clone())))
}

/// Interfaces repeat the resources that they use of others, under the same names.
fn define_resource(place: &mut LinkerInstance<'_, Guest>, name: &str) -> wasmtime::Result<()> {
    match name {
        "input-stream" => place.resource(name, ResourceType::host::<InputStream>(), streams::close),
        "output-stream" => place.resource(name, ResourceType::host::<OutputStream>(), streams::close),
        _ => place.resource(name, ResourceType::host::<Absent>(), |_, _| Ok(())),
    }
}

/// Ends the guest as if it had executed `unreachable`.
fn refusal(why: String) -> wasmtime::Error {
    wasmtime::Error::from(Trap::UnreachableCodeReached).context(why)
}

fn state<'a>(caller: &'a mut Caller<'_>) -> wasmtime::Result<&'a mut Wasi> {
    caller.data_mut().wasi.as_mut().ok_or_else(no_state)
}

/// The host's own fault.
fn no_state() -> wasmtime::Error {
    wasmtime::Error::msg("a guest that is linked to WASI runs without its state")
}

/// Names everything above that can change a reward or the fuel used.
pub(crate) fn describe(t: &mut Transcript) {
    t.text("wasi deterministic v1");
    for number in [CALL_FUEL, WALL_SECONDS, TICK_NANOSECONDS, RANDOM_BYTES, WRITE_BYTES, OPEN_STREAMS as u64]
    {
        t.u64(number);
    }
}
