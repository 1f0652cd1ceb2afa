//! A file that holds a key that this machine makes for itself: 64 hex digits of an ed25519 seed, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use grail::ids::hex32;
use rand_core::{CryptoRng, RngCore};

/// Loads the seed, making one where there is none. Two processes that start together end up with the same.
pub(crate) fn load_or_create(path: &Path, mut rng: impl RngCore + CryptoRng) -> anyhow::Result<[u8; 32]> {
    if !path.exists() {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        // written aside and linked into place: nobody ever reads half a key, and the first one wins
        let aside = path.with_extension(format!("{:016x}.new", rng.next_u64()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(hex::encode(seed).as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    hex32(text.trim(), "seed").with_context(|| format!("{}", path.display()))
}
