//! The hotkey on disk: JSON with the 32-byte secret seed, readable by its owner only. The seed is never printed.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use grail::keys::HotkeyPair;
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{Error, ss58};

const OWNER_ONLY: u32 = 0o600;
/// Far more than the file needs: a wrong path must not be read whole.
const MAX_BYTES: u64 = 4096;

/// A key file by its path.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

/// What is in the file. No `Debug`: it holds the secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// For people; checked against the seed when read.
    hotkey: String,
    #[serde(with = "hex::serde")]
    secret_seed: [u8; 32],
}

impl KeyFile {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a new key. An existing file is never overwritten.
    pub fn create(&self, mut rng: impl RngCore + CryptoRng) -> Result<HotkeyPair, Error> {
        let mut secret_seed = [0; 32];
        rng.fill_bytes(&mut secret_seed);
        let pair = HotkeyPair::from_seed(&secret_seed);
        let content = Content { hotkey: ss58::encode(&pair.hotkey()), secret_seed };
        let mut text = serde_json::to_vec_pretty(&content).expect("two text fields are always JSON");
        text.push(b'\n');
        // written aside and linked into place: nobody ever reads half a key, and the first maker wins
        let aside = self.path.with_extension(format!("{:016x}.new", rng.next_u64()));
        let written = Self::write(&aside, &text).and_then(|()| fs::hard_link(&aside, &self.path));
        fs::remove_file(&aside).ok();
        written.map_err(|source| self.io(source))?;
        Ok(pair)
    }

    fn write(path: &Path, text: &[u8]) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
        file.write_all(text)?;
        file.sync_all()
    }

    /// Reads the key; refuses a file that others may read, or whose address is not that of its seed.
    pub fn load(&self) -> Result<HotkeyPair, Error> {
        let file = File::open(&self.path).map_err(|source| self.io(source))?;
        let mode = file.metadata().map_err(|source| self.io(source))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(self.problem("others may read it; `chmod 600` it and consider the key known"));
        }
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text).map_err(|source| self.io(source))?;
        // serde's message could quote the content, so it is dropped
        let content: Content =
            serde_json::from_slice(&text).map_err(|_| self.problem("it is not a key file"))?;
        let pair = HotkeyPair::from_seed(&content.secret_seed);
        if ss58::encode(&pair.hotkey()) != content.hotkey {
            return Err(self.problem("its address does not belong to its seed"));
        }
        Ok(pair)
    }

    /// The key in the file, made first if there is no file yet. Processes that start together get the same one.
    pub fn load_or_create(&self, rng: impl RngCore + CryptoRng) -> Result<HotkeyPair, Error> {
        match self.load() {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        match self.create(rng) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => self.load(),
            created => created,
        }
    }

    fn io(&self, source: std::io::Error) -> Error {
        Error::Io { path: self.path.clone(), source }
    }

    fn problem(&self, problem: &'static str) -> Error {
        Error::KeyFile { path: self.path.clone(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    #[test]
    fn a_created_key_loads_again_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeyFile::at(dir.path().join("miner.json"));
        let made = file.load_or_create(OsRng).unwrap();
        assert_eq!(file.load().unwrap().hotkey(), made.hotkey());
        assert_eq!(file.load_or_create(OsRng).unwrap().hotkey(), made.hotkey());
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(file.create(OsRng), Err(Error::Io { .. })), "never overwritten");
        assert_eq!(file.load().unwrap().hotkey(), made.hotkey());
    }

    #[test]
    fn makers_that_race_end_up_with_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeyFile::at(dir.path().join("service.json"));
        let start = std::sync::Barrier::new(8);
        let keys: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        file.load_or_create(OsRng).unwrap().hotkey()
                    })
                })
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn the_seed_gives_the_known_key() {
        // Alice's published secret seed and address
        let dir = tempfile::tempdir().unwrap();
        let file = KeyFile::at(dir.path().join("alice.json"));
        let text = r#"{"hotkey":"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            "secret_seed":"e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a"}"#;
        fs::write(file.path(), text).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        let expected = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(file.load().unwrap().hotkey().to_string(), expected);
    }

    #[test]
    fn shared_foreign_and_broken_files_are_refused_without_showing_the_seed() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeyFile::at(dir.path().join("miner.json"));
        file.create(OsRng).unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        let seed = text.split('"').nth(7).unwrap().to_owned();
        assert_eq!(seed.len(), 64);

        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let shared = file.load().unwrap_err();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        let flipped = if seed.starts_with('0') { "1" } else { "0" };
        fs::write(file.path(), text.replace(&seed, &format!("{flipped}{}", &seed[1..]))).unwrap();
        let foreign = file.load().unwrap_err();
        fs::write(file.path(), text.replace(&seed, &format!("{seed}00"))).unwrap();
        let broken = file.load().unwrap_err();
        for error in [shared, foreign, broken] {
            assert_eq!(error.code(), "bad_key_file");
            assert!(!format!("{error} {error:?}").contains(&seed[8..24]));
        }
        let missing = KeyFile::at(dir.path().join("none.json")).load();
        assert!(matches!(missing, Err(Error::Io { .. })));
    }
}
