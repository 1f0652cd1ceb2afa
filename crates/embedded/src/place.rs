//! Where the servers' files and their ports go. Not what is in the files.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::account::Account;
use crate::error::IoContext;
use crate::{Error, sys};

/// Below the range from which kernels take ports for outgoing connections, which would otherwise steal a server's port
/// while it restarts.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// `dir` itself, or, when the account cannot reach it (a checkout under `/root`), a directory of ours in `/var/tmp`
/// whose name follows from `dir`, so that the next start finds the same.
pub(crate) async fn home(dir: &Path, account: Account) -> Result<PathBuf, Error> {
    if account.reaches(dir).await {
        return Ok(dir.into());
    }
    let name = format!("reliquary-{}-{:016x}", sys::own_uid(), fnv1a(dir.as_os_str().as_encoded_bytes()));
    let home = Path::new("/var/tmp").join(name);
    match DirBuilder::new().mode(0o711).create(&home) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Io { action: "create", path: home, source: error });
        }
        _ => {}
    }
    // anyone may create names in /var/tmp: use only a real directory that is ours
    let found = std::fs::symlink_metadata(&home).during("read", &home)?;
    if !found.is_dir() || found.uid() != sys::own_uid() || found.mode() & 0o022 != 0 {
        return Err(Error::Unusable {
            path: home,
            why: "it exists, but is not a directory of ours alone".into(),
        });
    }
    Ok(home)
}

/// A loopback port that is free now: the preferred one if possible.
pub(crate) fn free_port(preferred: Option<u16>) -> Result<u16, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let width = u32::from(PORTS.end - PORTS.start);
    // processes that start together begin far apart, so that two do not pick the same free port
    let first = std::process::id().wrapping_mul(7919);
    let candidates = (0..width).map(|_| {
        let step = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        PORTS.start + (step % width) as u16
    });
    let found = preferred.into_iter().chain(candidates).find(free);
    found.ok_or(Error::NotFound { what: "free loopback port", tried: vec![format!("{PORTS:?}")] })
}

/// Writes a file that only its owner can read, from its first byte on.
pub(crate) fn write_private(path: &Path, text: &str, account: Account) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::Io { action: "replace", path: path.into(), source: error });
        }
        _ => {}
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).during("create", path)?;
    file.write_all(text.as_bytes()).during("write", path)?;
    account.own(path)
}

/// Creates an empty directory for the account alone.
pub(crate) fn private_dir(path: &Path, account: Account) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Io { action: "create", path: path.into(), source: error });
        }
        _ => {}
    }
    account.own(path)
}

/// A password of 128 random bits. The kernel's source: this one is a secret, not part of anything that must replay.
pub(crate) fn password() -> Result<String, Error> {
    use std::io::Read;
    let source = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 16];
    std::fs::File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).during("read", source)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A name for a path, the same in every build.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
