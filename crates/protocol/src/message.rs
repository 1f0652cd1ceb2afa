//! A message of a conversation that a prompt is, as the customer sent it.

use serde::{Deserialize, Serialize};

/// `role` is whatever the checkpoint's chat template knows (`system`, `user`, `assistant`, …).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub role: String,
    pub content: String,
}
