//! A pipe to a child with a deadline: whoever has to wait longer for a stranger's process gets an error instead.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// As much as Linux gives without rights: a group's texts in one piece.
const PIPE_BYTES: usize = 1 << 20;

/// One end of a pipe. Every read and write ends by the deadline.
#[derive(Debug)]
pub(crate) struct Pipe {
    fd: OwnedFd,
    deadline: Instant,
}

impl Pipe {
    pub(crate) fn new(fd: OwnedFd, deadline: Instant) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        // a pipe stays as small as it was where the user's share is used up
        let _ = rustix::pipe::fcntl_setpipe_size(&fd, PIPE_BYTES);
        Ok(Self { fd, deadline })
    }

    pub(crate) fn until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    fn wait(&self, wanted: PollFlags) -> io::Result<()> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let timeout = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
            match poll(&mut [PollFd::new(&self.fd.as_fd(), wanted)], Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => {}
                // an end that hung up is ready, too: the next read or write says so
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::io::read(&self.fd, &mut *buffer) {
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN) => self.wait(PollFlags::IN)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.fd, buffer) {
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
