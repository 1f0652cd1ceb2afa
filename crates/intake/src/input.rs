//! A prompt as it is sent. What it means, and whether it may be, is decided in `reader`.

use protocol::Message;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// One prompt: exactly one of `text`, `messages` and `token_ids`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptInput {
    /// Your name for it, once per job; `prompt-<index>` if not given. At most 128 characters.
    pub custom_id: Option<String>,
    pub text: Option<String>,
    /// Rendered with the checkpoint's chat template, and delivered with every rollout.
    pub messages: Option<Vec<MessageInput>>,
    pub token_ids: Option<Vec<u32>>,
    /// What the reward function compares with, as plain text. Not beside `reward_input`.
    pub reference: Option<String>,
    /// What the reward function compares with, as any JSON; it gets the text of it.
    #[schema(value_type = serde_json::Value)]
    #[serde(default, deserialize_with = "raw")]
    pub reward_input: Option<Box<RawValue>>,
    /// A JSON object for the reward function; at most 4096 bytes.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "raw")]
    pub metadata: Option<Box<RawValue>>,
}

/// Keeps the text of a value, also that of `null`.
pub fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageInput {
    #[schema(example = "user")]
    pub role: String,
    pub content: String,
}

impl From<MessageInput> for Message {
    fn from(MessageInput { role, content }: MessageInput) -> Self {
        Self { role, content }
    }
}
