//! The prompts of a body: exactly one form each, rendered, tokenised, and short enough for the model.

use std::collections::HashMap;

use checkpoint::{ChatMessage, Checkpoint};
use protocol::job::{MAX_CUSTOM_ID_CHARS, MAX_INLINE_PROMPTS, Prompt, SamplingSpec};
use serde_json::value::RawValue;

use super::input::{MessageInput, PromptInput};
use super::parse::Faults;

pub(super) const NULL_DETAIL: &str = "the character U+0000 cannot be stored";

const MAX_PROMPT_METADATA_BYTES: usize = 4096;
/// No token of any tokenizer stands for more text than this on average: what is longer is refused unread.
const MAX_BYTES_PER_TOKEN: usize = 256;

/// Reads all prompts. The result has one for each that is given, whatever is wrong with it.
pub(super) fn parse(
    given: Vec<PromptInput>,
    sampling: &SamplingSpec,
    checkpoint: &Checkpoint,
    faults: &mut Faults,
) -> Vec<Prompt> {
    if given.is_empty() {
        faults.add("#/prompts", "required", "give at least one prompt");
    }
    if given.len() > MAX_INLINE_PROMPTS {
        let detail = format!("{} prompts; at most {MAX_INLINE_PROMPTS} in one body", given.len());
        faults.add("#/prompts", "too_many", detail);
        return Vec::new();
    }
    let reader = Reader { checkpoint, max_tokens: sampling.max_tokens as usize };
    let mut first_with: HashMap<String, usize> = HashMap::with_capacity(given.len());
    let mut prompts = Vec::with_capacity(given.len());
    for (index, prompt) in given.into_iter().enumerate() {
        let prompt = reader.prompt(index, prompt, faults);
        if let Some(first) = first_with.get(&prompt.custom_id) {
            let detail = format!("`{}` is the custom_id of prompt {first} too", prompt.custom_id);
            faults.add(format!("#/prompts/{index}/custom_id"), "duplicate_custom_id", detail);
        } else {
            first_with.insert(prompt.custom_id.clone(), index);
        }
        prompts.push(prompt);
    }
    prompts
}

struct Reader<'a> {
    checkpoint: &'a Checkpoint,
    max_tokens: usize,
}

impl Reader<'_> {
    fn prompt(&self, index: usize, given: PromptInput, faults: &mut Faults) -> Prompt {
        let at = format!("#/prompts/{index}");
        let custom_id = custom_id(&at, given.custom_id, index, faults);
        let reference = reference(&at, given.reference, given.reward_input.as_deref(), faults);
        let metadata = metadata(&at, given.metadata.as_deref(), faults);
        let (text, tokens) = match (given.text, given.messages, given.token_ids) {
            (Some(text), None, None) => self.text(&at, text, faults),
            (None, Some(messages), None) => self.messages(&at, messages, faults),
            (None, None, Some(ids)) => (None, self.token_ids(&at, ids, faults)),
            _ => {
                faults.add(at, "prompt_form", "give exactly one of `text`, `messages` and `token_ids`");
                (None, Vec::new())
            }
        };
        Prompt { index: index as u32, custom_id, text, tokens, reference, metadata }
    }

    fn text(&self, at: &str, text: String, faults: &mut Faults) -> (Option<String>, Vec<u32>) {
        let pointer = format!("{at}/text");
        if text.contains('\0') {
            faults.add(pointer, "null_character", NULL_DETAIL);
            return (None, Vec::new());
        }
        let tokens = self.tokens(&pointer, text.len(), faults, || self.checkpoint.tokenizer.encode(&text));
        (Some(text), tokens)
    }

    fn messages(
        &self,
        at: &str,
        given: Vec<MessageInput>,
        faults: &mut Faults,
    ) -> (Option<String>, Vec<u32>) {
        let pointer = format!("{at}/messages");
        if given.is_empty() {
            faults.add(pointer, "empty_prompt", "give at least one message");
            return (None, Vec::new());
        }
        if given.iter().any(|message| message.role.contains('\0') || message.content.contains('\0')) {
            faults.add(pointer, "null_character", NULL_DETAIL);
            return (None, Vec::new());
        }
        let messages: Vec<ChatMessage> = given
            .into_iter()
            .map(|message| ChatMessage { role: message.role, content: message.content })
            .collect();
        let text = match self.checkpoint.tokenizer.render_chat(&messages) {
            Ok(text) => text,
            Err(error) => {
                faults.add(pointer, "chat_template", explained(&error));
                return (None, Vec::new());
            }
        };
        let encode = || self.checkpoint.tokenizer.encode_chat(&messages);
        let tokens = self.tokens(&pointer, text.len(), faults, encode);
        (Some(text), tokens)
    }

    fn token_ids(&self, at: &str, ids: Vec<u32>, faults: &mut Faults) -> Vec<u32> {
        let pointer = format!("{at}/token_ids");
        let vocabulary = self.checkpoint.config.vocab_size;
        if let Some(place) = ids.iter().position(|id| *id as usize >= vocabulary) {
            let detail = format!("{} is not below the vocabulary's size, {vocabulary}", ids[place]);
            faults.add(format!("{pointer}/{place}"), "unknown_token", detail);
        }
        self.fits(&pointer, ids.len(), faults);
        ids
    }

    fn tokens(
        &self,
        pointer: &str,
        bytes: usize,
        faults: &mut Faults,
        encode: impl FnOnce() -> Result<Vec<u32>, checkpoint::Error>,
    ) -> Vec<u32> {
        let context = self.checkpoint.config.max_position_embeddings;
        if bytes > context.saturating_mul(MAX_BYTES_PER_TOKEN) {
            faults.add(
                pointer,
                "prompt_too_long",
                format!("{bytes} bytes cannot fit a context of {context} tokens"),
            );
            return Vec::new();
        }
        match encode() {
            Ok(tokens) => {
                self.fits(pointer, tokens.len(), faults);
                tokens
            }
            Err(error) => {
                faults.add(pointer, "tokenizer", explained(&error));
                Vec::new()
            }
        }
    }

    fn fits(&self, pointer: &str, tokens: usize, faults: &mut Faults) {
        let context = self.checkpoint.config.max_position_embeddings;
        if tokens == 0 {
            faults.add(pointer, "empty_prompt", "the prompt has no tokens");
        } else if tokens + self.max_tokens > context {
            let most = self.max_tokens;
            let detail =
                format!("the prompt has {tokens} tokens and may get {most} more; the context is {context}");
            faults.add(pointer, "prompt_too_long", detail);
        }
    }
}

/// The name of a prompt that was given none.
pub(super) fn default_id(index: usize) -> String {
    format!("prompt-{index}")
}

fn custom_id(at: &str, given: Option<String>, index: usize, faults: &mut Faults) -> String {
    let Some(id) = given else { return default_id(index) };
    let chars = id.chars().count();
    if !(1..=MAX_CUSTOM_ID_CHARS).contains(&chars) || id.chars().any(char::is_control) {
        let detail = format!("1 to {MAX_CUSTOM_ID_CHARS} characters, none of them a control character");
        faults.add(format!("{at}/custom_id"), "invalid_custom_id", detail);
    }
    id
}

pub(crate) fn reference(
    at: &str,
    text: Option<String>,
    json: Option<&RawValue>,
    faults: &mut Faults,
) -> String {
    if text.is_some() && json.is_some() {
        let detail = "give `reference` or `reward_input`, not both";
        faults.add(format!("{at}/reward_input"), "not_allowed", detail);
    }
    let text = text.or_else(|| json.map(|json| json.get().to_owned())).unwrap_or_default();
    if text.contains('\0') {
        faults.add(format!("{at}/reference"), "null_character", NULL_DETAIL);
    }
    text
}

pub(crate) fn metadata(at: &str, given: Option<&RawValue>, faults: &mut Faults) -> String {
    let text = given.map_or("{}", RawValue::get);
    let pointer = || format!("{at}/metadata");
    if !text.starts_with('{') {
        faults.add(pointer(), "not_an_object", "metadata is a JSON object");
    }
    if text.len() > MAX_PROMPT_METADATA_BYTES {
        let detail = format!("{} bytes; at most {MAX_PROMPT_METADATA_BYTES}", text.len());
        faults.add(pointer(), "too_long", detail);
    }
    text.to_owned()
}

/// An error with its causes: a chat template says in them what it does not like about the messages.
fn explained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
