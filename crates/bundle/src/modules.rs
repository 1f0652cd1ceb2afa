//! The reward modules of a file: lines before the rollouts in NDJSON, key-value metadata in Parquet.

use parquet::file::metadata::KeyValue;
use protocol::strict_json;
use protocol::{BundledModule, bundled_module};

use crate::error::Error;
use crate::pages::at_most;

/// What the modules of one file may have together.
pub const MAX_MODULES_BYTES: usize = 64 << 20;
/// How long their lines are at most.
pub(crate) const MAX_LINES_BYTES: usize = MAX_MODULES_BYTES / 3 * 4 + (256 << 10);
/// Keys in Parquet: this, and a number.
const KEY: &str = "reliquary.reward_module.";

/// Modules that were read or written so far, each once.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    known: Vec<BundledModule>,
    bytes: usize,
}

impl Modules {
    pub(crate) fn known(&self) -> &[BundledModule] {
        &self.known
    }

    /// False when it is there already.
    pub(crate) fn add(&mut self, module: BundledModule) -> Result<bool, Error> {
        if self.known.contains(&module) {
            return Ok(false);
        }
        let most = bundled_module::MAX_MODULE_BYTES as u64;
        at_most("a reward module", module.component.len() as u64, most)?;
        let bytes = self.bytes + module.component.len();
        at_most("what the reward modules have together", bytes as u64, MAX_MODULES_BYTES as u64)?;
        self.bytes = bytes;
        self.known.push(module);
        Ok(true)
    }

    /// Those of a Parquet file. What else is written there is somebody else's.
    pub(crate) fn of_metadata(pairs: Option<&Vec<KeyValue>>) -> Result<Self, Error> {
        let mut modules = Self::default();
        for KeyValue { key, value } in pairs.into_iter().flatten() {
            if !key.starts_with(KEY) {
                continue;
            }
            let text = value.as_deref().unwrap_or_default();
            modules.add(strict_json::from_slice(text.as_bytes()).map_err(Error::Module)?)?;
        }
        Ok(modules)
    }

    /// The module that was added last, for the metadata of a file of columns: key and text.
    pub(crate) fn last_pair(&self) -> Option<(String, String)> {
        let module = self.known.last()?;
        Some((format!("{KEY}{}", self.known.len() - 1), module.line()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_have_room_alone_and_together() {
        let module = |first: u8, size: usize| BundledModule {
            object: bundled_module::OBJECT.to_owned(),
            function: String::new(),
            upload_sha256: [first; 32],
            component_sha256: [2; 32],
            world: String::new(),
            wasi: String::new(),
            component: vec![first; size],
        };
        let mut modules = Modules::default();
        let too_large = |result| matches!(result, Err(Error::TooLarge { .. }));
        assert!(too_large(modules.add(module(0, (32 << 20) + 1))));
        assert!(modules.add(module(1, 32 << 20)).unwrap());
        assert!(!modules.add(module(1, 32 << 20)).unwrap(), "it is there already");
        assert!(modules.add(module(2, 20 << 20)).unwrap());
        assert!(too_large(modules.add(module(3, (12 << 20) + 1))));
        assert!(modules.add(module(3, 12 << 20)).unwrap());
        assert_eq!(modules.known().len(), 3);
    }
}
