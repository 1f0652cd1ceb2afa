//! Exclusive use of a directory, held by an open file: the kernel drops it with the process, so it is never stale.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Error;
use crate::error::IoContext;

#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

impl DirLock {
    /// Takes `dir/lock` at once, or says who has it.
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("lock");
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .during("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Err(Error::AlreadyRunning { dir: dir.into(), pid: pid.trim().into() });
            }
            Err(TryLockError::Error(source)) => return Err(Error::Io { action: "lock", path, source }),
        }
        file.set_len(0).and_then(|()| file.rewind()).during("write", &path)?;
        writeln!(file, "{}", std::process::id()).during("write", &path)?;
        Ok(Self { _file: file })
    }

    /// Takes `dir/lock`, waiting for the present holder: for work that is done once and shared, such as an installation.
    pub(crate) async fn wait(dir: &Path, limit: Duration) -> Result<Self, Error> {
        let began = Instant::now();
        loop {
            match Self::take(dir) {
                Err(Error::AlreadyRunning { .. }) if began.elapsed() < limit => {
                    tokio::time::sleep(Duration::from_millis(50)).await; // flock has no wake-up to wait for
                }
                other => return other,
            }
        }
    }
}
