//! What the parent and the compile child say to each other: one request, read to its end, and one answer in parts.
//!
//! The child has read a stranger's bytes with a large program: its answer is sized and checked like a stranger's own.

use std::io::{self, Read, Write};

use confine::Report;
use serde::{Deserialize, Serialize};

use crate::frame::{Malformed, read_announced};
use crate::module::{Module, ModuleInfo};
use crate::receipt::WasiProfile;
use crate::rejection::Rejection;

/// The longest JSON part.
const HEAD_BYTES: u64 = 64 << 10;
/// The largest component or native code.
const CODE_BYTES: u64 = 512 << 20;

/// What the child is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// Check what a customer sent, and compile it.
    Upload { wasi: WasiProfile, upload: &'a [u8] },
    /// Compile what was checked before.
    Component { info: ModuleInfo, component: &'a [u8] },
}

/// What the child says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    pub confinement: Report,
    /// Names the engine, its settings and the processor: native code of one serves no other.
    pub compatibility: u64,
}

/// What became of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Rejected(Rejection),
    Compiled { module: Module, code: Vec<u8> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Head {
    Rejected(Rejection),
    Compiled(ModuleInfo),
}

impl<'a> Request<'a> {
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Upload { wasi, upload } => {
                to.write_all(&[0, u8::from(*wasi == WasiProfile::Deterministic)])?;
                to.write_all(upload)
            }
            Self::Component { info, component } => {
                let info = serde_json::to_vec(info)?;
                to.write_all(&[1])?;
                to.write_all(&(info.len() as u32).to_le_bytes())?;
                to.write_all(&info)?;
                to.write_all(component)
            }
        }
    }

    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match bytes {
            [0, wasi @ (0 | 1), upload @ ..] => {
                let wasi = if *wasi == 1 { WasiProfile::Deterministic } else { WasiProfile::None };
                Ok(Self::Upload { wasi, upload })
            }
            [1, a, b, c, d, rest @ ..] => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
                let (info, component) = rest.split_at_checked(length).ok_or(Malformed)?;
                let info = serde_json::from_slice(info).map_err(|_| Malformed)?;
                Ok(Self::Component { info, component })
            }
            _ => Err(Malformed),
        }
    }
}

impl Hello {
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        write_part(to, &serde_json::to_vec(self)?)?;
        to.flush()
    }

    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        Ok(serde_json::from_slice(&read_part(from, HEAD_BYTES)?)?)
    }
}

impl Answer {
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Rejected(rejection) => {
                write_part(to, &serde_json::to_vec(&Head::Rejected(rejection.clone()))?)?;
            }
            Self::Compiled { module, code } => {
                write_part(to, &serde_json::to_vec(&Head::Compiled(module.info().clone()))?)?;
                write_part(to, module.component())?;
                write_part(to, code)?;
            }
        }
        to.flush()
    }

    /// The module's component hash is checked here; whether it belongs to the upload, only the caller can tell.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        match serde_json::from_slice(&read_part(from, HEAD_BYTES)?)? {
            Head::Rejected(rejection) => Ok(Self::Rejected(rejection)),
            Head::Compiled(info) => {
                let component = read_part(from, CODE_BYTES)?;
                let module = Module::from_parts(info, component).map_err(|_| Malformed)?;
                Ok(Self::Compiled { module, code: read_part(from, CODE_BYTES)? })
            }
        }
    }
}

fn write_part(to: &mut impl Write, part: &[u8]) -> io::Result<()> {
    to.write_all(&(part.len() as u64).to_le_bytes())?;
    to.write_all(part)
}

fn read_part(from: &mut impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let mut part = Vec::new();
    read_announced(from, u64::from_le_bytes(length), limit, &mut part)?;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::World;
    use crate::rejection::RejectionCode;

    #[test]
    fn requests_and_answers_come_back() {
        let module = Module::new(b"upload", b"component".to_vec(), World::Reward, WasiProfile::Deterministic);
        for request in [
            Request::Upload { wasi: WasiProfile::None, upload: b"\0asm" },
            Request::Component { info: module.info().clone(), component: b"component" },
        ] {
            let mut bytes = Vec::new();
            request.write(&mut bytes).unwrap();
            assert_eq!(Request::read(&bytes).unwrap(), request);
        }
        for answer in [
            Answer::Rejected(Rejection::new(RejectionCode::NotWasm, "no")),
            Answer::Compiled { module, code: b"code".to_vec() },
        ] {
            let mut bytes = Vec::new();
            answer.write(&mut bytes).unwrap();
            assert_eq!(Answer::read(&mut &bytes[..]).unwrap(), answer);
            for end in 0..bytes.len() {
                assert!(Answer::read(&mut &bytes[..end]).is_err());
            }
        }
    }

    #[test]
    fn a_component_that_is_not_the_one_named_is_refused() {
        let module = Module::new(b"upload", b"component".to_vec(), World::Reward, WasiProfile::None);
        let mut bytes = Vec::new();
        Answer::Compiled { module, code: b"code".to_vec() }.write(&mut bytes).unwrap();
        let at = bytes.windows(9).position(|window| window == b"component").unwrap();
        // the part itself, not the word in the JSON before it
        let at = bytes[at + 9..]
            .windows(9)
            .position(|window| window == b"component")
            .map_or(at, |next| at + 9 + next);
        bytes[at] ^= 1;
        assert!(Answer::read(&mut &bytes[..]).is_err());
    }
}
