//! The weights: one safetensors file, or several named by `model.safetensors.index.json`, mapped and read as f32.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Component, Path};

use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::{Error, json};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const INDEX_LIMIT: u64 = 64 << 20;

/// Every tensor of a checkpoint by name. Holds the files open and mapped.
pub struct Tensors {
    shards: Vec<Shard>,
    places: BTreeMap<String, usize>,
}

struct Shard {
    map: Mmap,
    metadata: Metadata,
    /// Where the data starts: after the length and the header.
    data_start: usize,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Tensors {
    /// Prefers the single file, as transformers does.
    /// Maps the weights of a folder, which need not hold a whole checkpoint.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let single = dir.join(SINGLE);
        if single.exists() {
            let shard = Shard::open(&single)?;
            let places = shard.metadata.offset_keys().into_iter().map(|name| (name, 0)).collect();
            return Ok(Self { shards: vec![shard], places });
        }
        let index: Index =
            json::parse(&dir.join(INDEX), INDEX_LIMIT)?.ok_or_else(|| json::missing(&single))?;
        Self::open_sharded(dir, index)
    }

    fn open_sharded(dir: &Path, index: Index) -> Result<Self, Error> {
        let (mut shards, mut opened, mut places) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for (tensor, file) in index.weight_map {
            let at = if let Some(at) = opened.get(&file) {
                *at
            } else {
                if !is_plain_weights_name(&file) {
                    return Err(Error::ShardName(file));
                }
                shards.push(Shard::open(&dir.join(&file))?);
                opened.insert(file, shards.len() - 1);
                shards.len() - 1
            };
            if shards[at].metadata.info(&tensor).is_none() {
                return Err(Error::MissingTensor(tensor));
            }
            places.insert(tensor, at);
        }
        Ok(Self { shards, places })
    }

    pub fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// In ascending order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// A tensor of exactly this shape, widened from bf16 or f16 (which is exact), or as it is in f32.
    pub fn f32(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let missing = || Error::MissingTensor(name.to_owned());
        let shard = &self.shards[*self.places.get(name).ok_or_else(missing)?];
        let info = shard.metadata.info(name).ok_or_else(missing)?;
        if info.shape != shape {
            let (expected, actual) = (shape.to_vec(), info.shape.clone());
            return Err(Error::TensorShape { name: name.to_owned(), expected, actual });
        }
        let (start, end) = info.data_offsets;
        let bytes = &shard.map[shard.data_start + start..shard.data_start + end];
        match info.dtype {
            Dtype::F32 => Ok(widen(bytes, f32::from_le_bytes)),
            Dtype::BF16 => Ok(widen(bytes, |raw| bf16::from_le_bytes(raw).to_f32())),
            Dtype::F16 => Ok(widen(bytes, |raw| f16::from_le_bytes(raw).to_f32())),
            other => Err(Error::TensorType { name: name.to_owned(), dtype: format!("{other:?}") }),
        }
    }
}

impl fmt::Debug for Tensors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tensors")
            .field("shards", &self.shards.len())
            .field("tensors", &self.places.len())
            .finish()
    }
}

impl Shard {
    fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        #[expect(unsafe_code, reason = "mapping a file; larger checkpoints do not fit into memory twice")]
        // SAFETY: the map is only read. A published checkpoint is never written to again (see the crate's doc); should
        // someone truncate it all the same, the process dies of SIGBUS: nothing wrong is computed.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let (header, metadata) = SafeTensors::read_metadata(&map)
            .map_err(|source| Error::Safetensors { path: path.to_owned(), source })?;
        // read_metadata has checked that header and offsets lie inside the file
        Ok(Self { map, metadata, data_start: header + size_of::<u64>() })
    }
}

/// A shard must lie in the folder itself, and under a name that enters the checkpoint id.
fn is_plain_weights_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name);
    plain && !name.contains('\\') && name.ends_with(".safetensors")
}

fn widen<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|raw| read(*raw)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        assert!(is_plain_weights_name("model-00001-of-00002.safetensors"));
        for bad in [
            "../model.safetensors",
            "/etc/x.safetensors",
            "a/b.safetensors",
            "./a.safetensors",
            "a.safetensors/",
            "a\\b.safetensors",
            "..",
            "",
            "config.json",
        ] {
            assert!(!is_plain_weights_name(bad), "{bad}");
        }
    }
}
