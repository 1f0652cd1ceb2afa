//! The policy that sampled a rollout: its weights, and where they come from.

use grail::ids::CheckpointId;
use serde::{Deserialize, Serialize};

/// Of a commit's id.
const COMMIT_DIGITS: usize = 40;

/// Under which weights a job was created. What runs under them does not change when the service publishes others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Of the content of their files.
    pub checkpoint_id: CheckpointId,
    /// The repository of a registered checkpoint, or the name of one of the service's own, as the job was created. `None`: the
    /// job is older than this was kept.
    #[serde(default)]
    pub repo: Option<String>,
    /// The commit in that repository; the service's own have none.
    #[serde(default)]
    pub revision: Option<String>,
    /// Of a policy that is trained while it samples: kept for one, and null.
    #[serde(default)]
    pub version: Option<u64>,
    /// Of randomness that is given out by windows: a job has its own, so that it is null.
    #[serde(default)]
    pub window: Option<u64>,
}

impl Policy {
    pub fn new(checkpoint_id: CheckpointId, repo: Option<String>, revision: Option<String>) -> Self {
        Self { checkpoint_id, repo, revision, version: None, window: None }
    }

    /// As a manifest names it.
    pub fn name(&self) -> Option<String> {
        let repo = self.repo.as_ref()?;
        Some(self.revision.as_ref().map_or_else(|| repo.clone(), |revision| format!("{repo}@{revision}")))
    }

    /// Whether it says what a policy of this version can say.
    pub(crate) fn is_sound(&self) -> bool {
        let is_commit = |text: &String| {
            text.len() == COMMIT_DIGITS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        self.revision.as_ref().is_none_or(|revision| is_commit(revision) && self.repo.is_some())
            && self.version.is_none()
            && self.window.is_none()
    }
}
