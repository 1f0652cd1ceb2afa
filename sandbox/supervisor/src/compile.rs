//! One throw-away child per module: asked, read to the end, and gone.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sandbox::compiling::{Answer, Hello, Request};
use sandbox::{ContentHash, Module, Rejection, RejectionCode};

use crate::child::Child;
use crate::error::Error;

const NAME: &str = "compile";

/// How modules are compiled here.
#[derive(Debug)]
pub(crate) struct Compile {
    pub(crate) program: PathBuf,
    pub(crate) time: Duration,
}

impl Compile {
    /// How such a child is confined, and what it compiles for.
    pub(crate) fn probe(&self) -> Result<Hello, Error> {
        let mut child = self.start()?;
        let hello = Hello::read(&mut child.output);
        match hello {
            Ok(hello) => {
                drop(child.input.take());
                Ok(hello)
            }
            Err(error) => Err(child.post_mortem(&error).1),
        }
    }

    /// The module and its native code.
    pub(crate) fn compile(&self, request: &Request<'_>) -> Result<(Module, Vec<u8>), Error> {
        let mut child = self.start()?;
        match talk(&mut child, request) {
            Ok(Answer::Rejected(rejection)) => Err(Error::Rejected(rejection)),
            Ok(Answer::Compiled { module, code }) => {
                if belongs(request, &module) {
                    Ok((module, code))
                } else {
                    let what = "it answered with another module".to_owned();
                    Err(Error::Child { child: NAME, what })
                }
            }
            Err(error) => {
                let (signal, error) = child.post_mortem(&error);
                Err(too_dear(signal).map_or(error, Error::Rejected))
            }
        }
    }

    fn start(&self) -> Result<Child, Error> {
        Child::start(NAME, &self.program, Instant::now() + self.time)
    }
}

fn talk(child: &mut Child, request: &Request<'_>) -> io::Result<Answer> {
    Hello::read(&mut child.output)?;
    if let Some(mut input) = child.input.take() {
        request.write(&mut input)?;
        // dropped: the child reads to the end
    }
    let answer = Answer::read(&mut child.output)?;
    match child.output.read(&mut [0])? {
        0 => Ok(answer),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "more than an answer")),
    }
}

/// The child has read a stranger's bytes: that it speaks of the module that was meant is checked.
fn belongs(request: &Request<'_>, module: &Module) -> bool {
    let info = module.info();
    match request {
        Request::Upload { wasi, upload } => {
            info.wasi == *wasi
                && info.upload_sha256 == ContentHash::of(upload)
                && info.upload_bytes == upload.len() as u64
        }
        Request::Component { info: asked, .. } => asked == info,
    }
}

/// The limits on processor time and memory end a child by signals of their own: then the module is to blame.
fn too_dear(signal: Option<Signal>) -> Option<Rejection> {
    let message = match signal? {
        Signal::XCPU => "compiling it takes more than 120 s of processor time: split large functions",
        // a failed allocation aborts
        Signal::ABORT => "compiling it takes more than 2 GiB of memory: split large functions",
        _ => return None,
    };
    Some(Rejection::new(RejectionCode::TooComplex, message))
}
