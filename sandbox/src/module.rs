//! A reward module that passed the upload's checks: what it is called and the component that will run.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::hash::ContentHash;
use crate::receipt::WasiProfile;
use crate::types::Sample;

/// Which of the two contracts in `wit/reward.wit` the module implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// One call grades the whole group.
    Reward,
    /// One call grades one completion.
    RewardSimple,
}

impl World {
    pub const ALL: [Self; 2] = [Self::Reward, Self::RewardSimple];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|world| world.as_str() == text)
    }

    /// Its name in the WIT file, in receipts and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reward => "reward",
            Self::RewardSimple => "reward-simple",
        }
    }

    /// The samples of each call that a group takes: all at once, or one by one.
    pub(crate) fn calls(self, samples: &[Sample]) -> std::slice::Chunks<'_, Sample> {
        match self {
            Self::Reward => samples.chunks(samples.len().max(1)),
            Self::RewardSimple => samples.chunks(1),
        }
    }

    /// The function that it exports.
    pub const fn export(self) -> &'static str {
        match self {
            Self::Reward => "score",
            Self::RewardSimple => "reward",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of a module without its bytes: a row of a table, a part of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleInfo {
    /// SHA-256 of the bytes that the customer sent.
    pub upload_sha256: ContentHash,
    /// SHA-256 of the component that runs. Equal to the upload's when a component was sent.
    pub component_sha256: ContentHash,
    pub world: World,
    /// What of WASI it may see.
    #[serde(default)]
    pub wasi: WasiProfile,
    pub upload_bytes: u64,
    pub component_bytes: u64,
}

/// A validated module.
#[derive(Clone, PartialEq, Eq)]
pub struct Module {
    info: ModuleInfo,
    component: Vec<u8>,
}

impl Module {
    /// For the compiler: `component` is what it made of `upload`.
    pub fn new(upload: &[u8], component: Vec<u8>, world: World, wasi: WasiProfile) -> Self {
        let info = ModuleInfo {
            upload_sha256: ContentHash::of(upload),
            component_sha256: ContentHash::of(&component),
            world,
            wasi,
            upload_bytes: upload.len() as u64,
            component_bytes: component.len() as u64,
        };
        Self { info, component }
    }

    /// Puts a stored module together again. Fails when the bytes are not those that were validated.
    pub fn from_parts(info: ModuleInfo, component: Vec<u8>) -> Result<Self, Error> {
        let actual = ContentHash::of(&component);
        if actual != info.component_sha256 {
            return Err(Error::Corrupt { expected: info.component_sha256, actual });
        }
        Ok(Self { info, component })
    }

    /// The same from a row of a table, which keeps names and hashes as text and bytes.
    pub fn restore(
        upload_sha256: [u8; 32],
        component_sha256: [u8; 32],
        (world, wasi): (&str, &str),
        component: Vec<u8>,
    ) -> Result<Self, Error> {
        let unknown = |what: &str| Error::Unusable(format!("its {what} is none that is known"));
        let info = ModuleInfo {
            upload_sha256: ContentHash::from_bytes(upload_sha256),
            component_sha256: ContentHash::from_bytes(component_sha256),
            world: World::parse(world).ok_or_else(|| unknown("world"))?,
            wasi: WasiProfile::parse(wasi).ok_or_else(|| unknown("WASI profile"))?,
            upload_bytes: component.len() as u64, // not kept, and not part of any receipt
            component_bytes: component.len() as u64,
        };
        Self::from_parts(info, component)
    }

    pub fn info(&self) -> &ModuleInfo {
        &self.info
    }

    pub fn world(&self) -> World {
        self.info.world
    }

    /// The component that runs; store these bytes beside [`Module::info`].
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    pub fn into_parts(self) -> (ModuleInfo, Vec<u8>) {
        (self.info, self.component)
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("info", &self.info).finish_non_exhaustive()
    }
}
