//! The standard streams: stdin is at its end, and every line that is written is a line of the guest's log.
//!
//! A handle says which stream it is; there is no table of them on the host.

use std::fmt::Write;

use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, WasmList};

use crate::guest::{Caller, Guest, Log, LogCapPassed, charge};
use crate::limits::LOG_BYTES;
use crate::types::Level;

use super::{Absent, CALL_FUEL, OPEN_STREAMS, WRITE_BYTES, no_state, refusal, state};

pub(super) enum InputStream {}
pub(super) enum OutputStream {}

/// The streams that can be written; the number is the handle's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standard {
    Out = 0,
    Error = 1,
}

#[derive(Debug, ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    /// Never made: no operation fails in a way that an `error` would describe.
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "the interface has this case, and its place decides the other's number")]
    LastOperationFailed(Resource<Absent>),
    #[component(name = "closed")]
    Closed,
}

/// Defines the function `name` of `wasi:io/streams` if the profile has it.
pub(super) fn define(place: &mut LinkerInstance<'_, Guest>, name: &str) -> wasmtime::Result<bool> {
    match name {
        "[method]input-stream.read" | "[method]input-stream.blocking-read" => {
            place.func_wrap(name, at_end::<Vec<u8>>)
        }
        "[method]input-stream.skip" | "[method]input-stream.blocking-skip" => {
            place.func_wrap(name, at_end::<u64>)
        }
        "[method]output-stream.check-write" => place.func_wrap(name, check_write),
        "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => {
            place.func_wrap(name, write)
        }
        "[method]output-stream.flush" | "[method]output-stream.blocking-flush" => {
            place.func_wrap(name, flush)
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}

pub(super) fn input(mut caller: Caller<'_>, (): ()) -> wasmtime::Result<(Resource<InputStream>,)> {
    open(&mut caller)?;
    Ok((Resource::new_own(0),))
}

pub(super) fn output(mut caller: Caller<'_>, which: Standard) -> wasmtime::Result<(Resource<OutputStream>,)> {
    open(&mut caller)?;
    Ok((Resource::new_own(which as u32),))
}

fn open(caller: &mut Caller<'_>) -> wasmtime::Result<()> {
    charge(caller, CALL_FUEL)?;
    if state(caller)?.open_stream() {
        return Ok(());
    }
    Err(refusal(format!("more than {OPEN_STREAMS} open streams")))
}

/// The guest dropped its handle.
pub(super) fn close(mut caller: Caller<'_>, _stream: u32) -> wasmtime::Result<()> {
    charge(&mut caller, CALL_FUEL)?;
    state(&mut caller)?.close_stream();
    Ok(())
}

fn at_end<T>(
    mut caller: Caller<'_>,
    (_stream, _length): (Resource<InputStream>, u64),
) -> wasmtime::Result<(Result<T, StreamError>,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((Err(StreamError::Closed),))
}

fn check_write(
    mut caller: Caller<'_>,
    (_stream,): (Resource<OutputStream>,),
) -> wasmtime::Result<(Result<u64, StreamError>,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((Ok(WRITE_BYTES),))
}

fn flush(
    mut caller: Caller<'_>,
    (_stream,): (Resource<OutputStream>,),
) -> wasmtime::Result<(Result<(), StreamError>,)> {
    charge(&mut caller, CALL_FUEL)?;
    Ok((Ok(()),))
}

fn write(
    mut caller: Caller<'_>,
    (stream, bytes): (Resource<OutputStream>, WasmList<u8>),
) -> wasmtime::Result<(Result<(), StreamError>,)> {
    let length = bytes.len() as u64;
    if length > WRITE_BYTES {
        return Err(refusal(format!("a write of {length} bytes; the limit is {WRITE_BYTES}")));
    }
    charge(&mut caller, CALL_FUEL + length)?;
    let bytes = bytes.as_le_slice(&caller).to_vec();
    let Guest { log, wasi: Some(wasi), .. } = caller.data_mut() else { return Err(no_state()) };
    wasi.lines[usize::from(stream.rep() == Standard::Error as u32)].write(&bytes, log)?;
    Ok((Ok(()),))
}

/// A line of the log that is not yet at its end. Writes follow the guest's buffers, and those cut lines anywhere.
#[derive(Debug)]
pub(super) struct Line {
    level: Level,
    bytes: Vec<u8>,
}

impl Line {
    pub(super) fn both() -> [Self; 2] {
        [Level::Info, Level::Warn].map(|level| Self { level, bytes: Vec::new() })
    }

    fn write(&mut self, bytes: &[u8], log: &mut Log) -> Result<(), LogCapPassed> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            if self.bytes.len() + text.len() > LOG_BYTES {
                return Err(LogCapPassed);
            }
            self.bytes.extend_from_slice(text);
            if ends {
                log.push(self.level, spelled(&std::mem::take(&mut self.bytes)))?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, log: &mut Log) -> Result<(), LogCapPassed> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        log.push(self.level, spelled(&std::mem::take(&mut self.bytes)))
    }
}

/// Bytes as text. Bytes that are not UTF-8 are spelled out as `\xff`: replacing them would lose which they were.
fn spelled(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(writes: &[&[u8]]) -> Vec<String> {
        let mut log = Log::default();
        let [mut line, _] = Line::both();
        for bytes in writes {
            line.write(bytes, &mut log).unwrap();
        }
        line.finish(&mut log).unwrap();
        log.lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn lines_end_where_the_guest_ends_them() {
        assert_eq!(lines(&[b"graded", b" ", b"72", b"\n"]), ["graded 72"]);
        assert_eq!(lines(&[b"a\nb\n\nc"]), ["a", "b", "", "c"]);
        assert!(lines(&[b""]).is_empty());
        // A character that two writes share is whole; what is none is spelled out.
        assert_eq!(lines(&[b"\xe7\xad", b"\x94"]), ["\u{7b54}"]);
        assert_eq!(lines(&[b"a\xffb\xc3\n"]), ["a\\xffb\\xc3"]);
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let mut log = Log::default();
        let [mut line, _] = Line::both();
        for _ in 0..4 {
            line.write(&[b'x'; 4096], &mut log).unwrap();
        }
        assert!(line.write(b"x", &mut log).is_err());
        line.finish(&mut log).unwrap();
        assert!(log.push(Level::Info, "x".to_owned()).is_err());
    }
}
