//! Native code on a disk, under a MAC: what somebody else has changed or put there is never loaded.
//!
//! Only this process writes, from what a compile child has said; the child itself can open no file. Deleting the folder
//! costs time only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::cache::Key;

const MAC_BYTES: usize = 32;
/// Larger files are not ours.
const FILE_BYTES: u64 = 512 << 20;
const EXTENSION: &str = "native";

/// A folder of native code.
#[derive(Debug)]
pub(crate) struct Vault {
    folder: PathBuf,
    max_bytes: u64,
    mac_key: [u8; 32],
    /// Held while files are added and removed by this process; others may do so too, and at worst remove too many.
    tidying: Mutex<()>,
}

impl Vault {
    pub(crate) fn open(folder: PathBuf, max_bytes: u64, mac_key: [u8; 32]) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, max_bytes, mac_key, tidying: Mutex::default() })
    }

    /// The code, if it is there and nobody has touched it. What fails its MAC is removed.
    pub(crate) fn find(&self, key: &Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        (&file).take(FILE_BYTES).read_to_end(&mut bytes).ok()?;
        let is_ours = bytes.split_at_checked(MAC_BYTES).is_some_and(|(mac, code)| {
            // compares in constant time
            <[u8; MAC_BYTES]>::try_from(mac)
                .is_ok_and(|mac| blake3::Hash::from_bytes(mac) == self.mac(key, code))
        });
        if !is_ours {
            tracing::error!(file = %path.display(), "a file of native code fails its MAC; it is removed");
            let _ = fs::remove_file(&path);
            return None;
        }
        touch(&file);
        bytes.drain(..MAC_BYTES);
        Some(bytes)
    }

    /// Keeps code, and makes room for it. A disk that is full costs time only.
    pub(crate) fn keep(&self, key: &Key, code: &[u8]) {
        let _tidying = self.tidying.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.write(key, code).and_then(|()| self.make_room()) {
            tracing::warn!(error = &error as &dyn std::error::Error, "native code is not kept on disk");
        }
    }

    fn write(&self, key: &Key, code: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        // a name of its own: two processes may write the same
        let draft = self.folder.join(format!("{}.{}.draft", key.name(), std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(self.mac(key, code).as_bytes())?;
        file.write_all(code)?;
        fs::rename(&draft, &path)
    }

    /// Removes what was used longest ago, and drafts of processes that died.
    fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if about.is_file() {
                let is_draft = entry.path().extension().is_none_or(|extension| extension != EXTENSION);
                let used = if is_draft { SystemTime::UNIX_EPOCH } else { about.modified()? };
                files.push((used, about.len(), entry.path()));
            }
        }
        files.sort();
        let mut held: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (used, bytes, path) in files {
            if held <= self.max_bytes && used != SystemTime::UNIX_EPOCH {
                break;
            }
            fs::remove_file(path)?;
            held -= bytes;
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.{EXTENSION}", key.name()))
    }

    /// Binds the code to what it was made from: a file cannot be renamed to another's name either.
    fn mac(&self, key: &Key, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.mac_key);
        hasher.update(key.as_bytes());
        hasher.update(code);
        hasher.finalize()
    }
}

/// Marks a file as used now.
fn touch(file: &File) {
    let now = rustix::fs::Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
    };
    // it only decides what is removed first
    let _ = rustix::fs::futimens(file, &now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::{ContentHash, WasiProfile, World};

    fn key(name: &str) -> Key {
        Key::new(ContentHash::of(name.as_bytes()), World::Reward, WasiProfile::None, 1)
    }

    fn vault(folder: &std::path::Path, max_bytes: u64) -> Vault {
        Vault::open(folder.join("native"), max_bytes, [7; 32]).unwrap()
    }

    #[test]
    fn every_changed_byte_is_seen_and_the_file_removed() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path(), 1 << 20);
        vault.keep(&key("a"), b"native code");
        assert_eq!(vault.find(&key("a")).unwrap(), b"native code");
        let path = vault.path(&key("a"));
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert_eq!(vault.find(&key("a")), None, "byte {at}");
            assert!(!path.exists(), "what fails its MAC is removed");
        }
        for length in [0, 5, MAC_BYTES, good.len() - 1] {
            fs::write(&path, &good[..length]).unwrap();
            assert_eq!(vault.find(&key("a")), None, "{length} bytes");
        }
    }

    #[test]
    fn a_file_under_another_name_or_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path(), 1 << 20);
        vault.keep(&key("a"), b"native code");
        fs::copy(vault.path(&key("a")), vault.path(&key("b"))).unwrap();
        assert_eq!(vault.find(&key("b")), None);
        let other = Vault::open(folder.path().join("native"), 1 << 20, [8; 32]).unwrap();
        assert_eq!(other.find(&key("a")), None);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path(), 250);
        let old = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000);
        for (age, name) in ["a", "b"].into_iter().enumerate() {
            vault.keep(&key(name), &[1; 60]);
            let file = OpenOptions::new().write(true).open(vault.path(&key(name))).unwrap();
            file.set_modified(old + std::time::Duration::from_secs(age as u64)).unwrap();
        }
        assert!(vault.find(&key("a")).is_some(), "used: now it is the younger one");
        vault.keep(&key("c"), &[1; 60]);
        assert!(vault.find(&key("a")).is_some() && vault.find(&key("c")).is_some());
        assert_eq!(vault.find(&key("b")), None);
    }
}
