//! The checkpoint id of a folder: every file that can change a token enters it (docs/PROTOCOL.md, `checkpoint`).
//!
//! Files: `config.json`, `generation_config.json`, `tokenizer.json`, `tokenizer_config.json`, `chat_template.jinja`,
//! `model.safetensors.index.json` where they exist, and every `*.safetensors`. Others (READMEs, licences) do not enter.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use grail::ids::{CheckpointFile, CheckpointId, checkpoint_id};
use grail::merkle::{self, FILE_LEAF_BYTES};
use rayon::prelude::*;

use crate::Error;

const NAMED: [&str; 6] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
];
const WEIGHTS: &str = ".safetensors";
const MAX_FILES: usize = 4096;
/// Read at once: enough leaves to keep every core busy, little against the files.
const BLOCK_BYTES: usize = 128 * FILE_LEAF_BYTES;

pub(crate) fn of_folder(dir: &Path) -> Result<CheckpointId, Error> {
    let files = names(dir)?.into_iter().map(|name| {
        let (len, root) = hash(&dir.join(&name))?;
        Ok(CheckpointFile { name, len, root })
    });
    Ok(checkpoint_id(&files.collect::<Result<Vec<_>, Error>>()?))
}

/// Whether a folder has a weights file. One that cannot be listed has none.
pub fn has_weights(dir: &Path) -> bool {
    names(dir).is_ok_and(|names| names.iter().any(|name| name.ends_with(WEIGHTS)))
}

fn names(dir: &Path) -> Result<Vec<String>, Error> {
    let io = |source| Error::Io { path: dir.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        let Some(text) = name.to_str() else {
            if name.to_string_lossy().ends_with(WEIGHTS) {
                return Err(Error::Folder(format!(
                    "the weights file {}, whose name is not UTF-8",
                    name.display()
                )));
            }
            continue;
        };
        if NAMED.contains(&text) || text.ends_with(WEIGHTS) {
            names.push(text.to_owned());
        }
    }
    if names.len() > MAX_FILES {
        return Err(Error::Folder(format!("{} files, more than {MAX_FILES}", names.len())));
    }
    Ok(names)
}

/// Length and Merkle root of one file, which may be larger than memory.
fn hash(path: &Path) -> Result<(u64, grail::hash::Hash), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let (mut len, mut leaves, mut block) = (0, Vec::new(), Vec::with_capacity(BLOCK_BYTES));
    loop {
        block.clear();
        match (&mut file).take(BLOCK_BYTES as u64).read_to_end(&mut block) {
            Ok(0) => break,
            Ok(read) => len += read as u64,
            Err(error) => return Err(io(error)),
        }
        leaves.par_extend(block.par_chunks(FILE_LEAF_BYTES).map(merkle::leaf));
    }
    Ok((len, merkle::root(&leaves)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_longer_than_a_block_hashes_like_its_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for len in
            [0, 1, FILE_LEAF_BYTES, FILE_LEAF_BYTES + 1, BLOCK_BYTES, BLOCK_BYTES + FILE_LEAF_BYTES + 7]
        {
            let data: Vec<u8> = (0..len).map(|i| (i * 31 % 251) as u8).collect();
            fs::write(&path, &data).unwrap();
            let leaves: Vec<_> = data.chunks(FILE_LEAF_BYTES).map(merkle::leaf).collect();
            assert_eq!(hash(&path).unwrap(), (len as u64, merkle::root(&leaves)));
        }
    }
}
