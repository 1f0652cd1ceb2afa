//! What the OpenAPI document says of a `chat.completion`. `export::chat` writes it.
#![expect(dead_code, reason = "shows in the OpenAPI document what export::chat writes")]

use utoipa::ToSchema;

/// The answers to one request.
#[derive(ToSchema)]
#[schema(as = ChatCompletion)]
pub(crate) struct ChatCompletionSchema {
    #[schema(example = "chatcmpl-grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: String,
    #[schema(example = "chat.completion")]
    object: String,
    /// Seconds since 1970.
    created: i64,
    /// The id of the checkpoint.
    model: String,
    choices: Vec<ChatChoice>,
    usage: ChatUsage,
}

#[derive(ToSchema)]
struct ChatChoice {
    index: u32,
    message: ChatMessage,
    /// `stop` or `length`.
    #[schema(example = "stop")]
    finish_reason: String,
    /// Where they were asked for.
    logprobs: Option<ChatLogprobs>,
    reliquary: ChatProvenance,
}

#[derive(ToSchema)]
struct ChatMessage {
    #[schema(example = "assistant")]
    role: String,
    content: String,
    /// Always null.
    refusal: Option<String>,
}

#[derive(ToSchema)]
struct ChatLogprobs {
    content: Vec<ChatTokenLogprob>,
    /// Always null.
    refusal: Option<String>,
}

#[derive(ToSchema)]
struct ChatTokenLogprob {
    /// The token's own part of the text; `token_id:<number>` where it has none.
    token: String,
    logprob: f32,
    /// Null where the token is no whole text.
    bytes: Option<Vec<u8>>,
    /// Always empty.
    top_logprobs: Vec<String>,
}

/// Where it is shown that the answer is the model's.
#[derive(ToSchema)]
struct ChatProvenance {
    rollout_id: String,
    /// `full`, or `sampled`.
    verification: String,
    receipt: String,
    proof: String,
}

#[derive(ToSchema)]
#[expect(clippy::struct_field_names, reason = "OpenAI's names")]
struct ChatUsage {
    prompt_tokens: u64,
    /// Of all answers, with what was cut off at a `stop`.
    completion_tokens: u64,
    total_tokens: u64,
}
