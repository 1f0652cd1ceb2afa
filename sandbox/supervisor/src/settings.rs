//! What the supervisor is told by its owner.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::Guard;
use serde::{Deserialize, Serialize};

/// What to do where the kernel cannot confine a child fully.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Say what is missing, and go on.
    #[default]
    BestEffort,
    /// Refuse to start.
    Strict,
}

/// Where the two programs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    pub run: PathBuf,
    pub compile: PathBuf,
}

impl Programs {
    /// Both in one folder, under their own names.
    pub fn in_folder(folder: &Path) -> Self {
        Self { run: folder.join("reliquary-run"), compile: folder.join("reliquary-compile") }
    }

    /// Beside this program; for a test, beside the folder that it lies in.
    pub fn beside_this_one() -> std::io::Result<Self> {
        let this = std::env::current_exe()?;
        let folders = this.ancestors().skip(1).take(2);
        let known = folders.map(Self::in_folder).find(|programs| programs.run.exists());
        Ok(known.unwrap_or_else(|| Self::in_folder(this.parent().unwrap_or(Path::new(".")))))
    }
}

/// Native code that is kept. Deleting it costs time only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// In memory, in bytes.
    pub memory_bytes: usize,
    /// A folder of this process's user alone, with how many bytes it may hold and the key of the MACs; `None`: no files.
    pub folder: Option<(PathBuf, u64, [u8; 32])>,
}

/// Everything that the supervisor needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub programs: Programs,
    pub isolation: Isolation,
    /// Run children at a time; more callers wait.
    pub run_children: usize,
    /// Modules compiled at a time; more callers wait.
    pub compile_children: usize,
    pub cache: Cache,
    /// How long a call may take in the child, before it gives up by itself.
    pub guard: Guard,
    /// How long a child gets beyond that, to start, to copy and to answer.
    pub grace: Duration,
    /// How long one module may compile by the clock; by its own processor time it may take 120 s.
    pub compile_time: Duration,
}

impl Settings {
    /// Two children of each kind, a cache in memory, and children as confined as the machine can.
    pub fn new(programs: Programs) -> Self {
        Self {
            programs,
            isolation: Isolation::default(),
            run_children: 2,
            compile_children: 1,
            cache: Cache { memory_bytes: 256 << 20, folder: None },
            guard: Guard::default(),
            grace: Duration::from_secs(20),
            compile_time: Duration::from_mins(5),
        }
    }
}
