//! Prompts, read one by one: exactly one form each, rendered, and short enough for the model.

use checkpoint::{Checkpoint, Tokenizer};
use protocol::Message;
use protocol::job::{Encoding, MAX_CUSTOM_ID_CHARS, MAX_INLINE_PROMPTS, Prompt, PromptContent, SamplingSpec};
use rayon::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::json::{self, MAX_DEPTH};
use crate::{Fault, Faults, Line, MAX_LINE_BYTES, Names, PromptInput};

pub const NULL_DETAIL: &str = "the character U+0000 cannot be stored";

pub const MAX_PROMPT_METADATA_BYTES: usize = 4096;
/// No token of any tokenizer stands for more text than this on average: what is longer is refused unread.
const MAX_BYTES_PER_TOKEN: usize = 256;

/// What prompts of a job are read by.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    checkpoint: &'a Checkpoint,
    max_tokens: usize,
    checks_args: bool,
}

impl<'a> Reader<'a> {
    /// `checks_args`: the reward is a built-in one, whose arguments a prompt may bring itself.
    pub fn new(checkpoint: &'a Checkpoint, sampling: &SamplingSpec, checks_args: bool) -> Self {
        Self { checkpoint, max_tokens: sampling.max_tokens as usize, checks_args }
    }

    /// Reads the prompts of a body. What comes back beside faults are those of them that have none.
    pub fn inline(self, given: Vec<PromptInput>, faults: &mut Faults) -> Vec<Prompt> {
        if given.is_empty() {
            faults.add("#/prompts", "required", "give at least one prompt");
        }
        if given.len() > MAX_INLINE_PROMPTS {
            let detail = format!("{} prompts; at most {MAX_INLINE_PROMPTS} in one body", given.len());
            faults.add("#/prompts", "too_many", detail);
            return Vec::new();
        }
        let mut names = Names::default();
        // whatever else is wrong with a prompt, its name is taken
        let mut take = |(prompt, index): (&PromptInput, u32)| {
            let name = prompt.custom_id.clone().unwrap_or_else(|| default_id(index));
            let first = names.take(name.clone(), index).err()?;
            let detail = format!("`{name}` is the custom_id of prompt {first} too");
            let pointer = format!("#/prompts/{index}/custom_id");
            Some(Fault { pointer, code: "duplicate_custom_id", detail })
        };
        let twice: Vec<Option<Fault>> = given.iter().zip(0..).map(&mut take).collect();
        let read: Vec<Result<Prompt, Vec<Fault>>> = given
            .into_par_iter()
            .enumerate()
            .map(|(index, prompt)| self.prompt(&format!("#/prompts/{index}"), index as u32, prompt))
            .collect();
        let mut prompts = Vec::with_capacity(read.len());
        for (read, twice) in read.into_iter().zip(twice) {
            match read {
                Ok(prompt) => prompts.push(prompt),
                Err(found) => faults.0.extend(found),
            }
            faults.0.extend(twice);
        }
        prompts
    }

    /// Reads lines of a file, each a prompt, of which the first has this index; what is wrong with a line comes with its
    /// index. A name that was taken before is a fault of the line that comes later.
    pub fn lines(
        self,
        first: u32,
        lines: &[Line],
        names: &mut Names,
    ) -> Result<Vec<Prompt>, Vec<(u32, Fault)>> {
        let read: Vec<(u32, Result<Prompt, Vec<Fault>>)> = lines
            .par_iter()
            .enumerate()
            .map(|(offset, line)| {
                let index = first + offset as u32;
                (index, self.line(index, line))
            })
            .collect();
        let (mut prompts, mut faults) = (Vec::with_capacity(lines.len()), Vec::new());
        for (index, read) in read {
            match read {
                Ok(prompt) => {
                    if let Err(first) = names.take(prompt.custom_id.clone(), index) {
                        let detail =
                            format!("`{}` is the custom_id of line {} too", prompt.custom_id, first + 1);
                        let pointer = "#/custom_id".to_owned();
                        faults.push((index, Fault { pointer, code: "duplicate_custom_id", detail }));
                    }
                    prompts.push(prompt);
                }
                Err(found) => faults.extend(found.into_iter().map(|fault| (index, fault))),
            }
        }
        if faults.is_empty() { Ok(prompts) } else { Err(faults) }
    }

    fn line(self, index: u32, line: &Line) -> Result<Prompt, Vec<Fault>> {
        let fault = |pointer: &str, code, detail: String| {
            Err(vec![Fault { pointer: pointer.to_owned(), code, detail }])
        };
        let Line::Text(bytes) = line else {
            return fault("#", "line_too_long", format!("more than {MAX_LINE_BYTES} bytes"));
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return fault("#", "invalid_json", "the line is not UTF-8".to_owned());
        };
        if text.trim().is_empty() {
            return fault("#", "empty_line", "every line is a JSON object".to_owned());
        }
        if json::too_deep(bytes).is_some() {
            let detail = format!("more than {MAX_DEPTH} objects and lists inside each other");
            return fault("#", "invalid_json", detail);
        }
        match json::read::<PromptInput>(text) {
            Ok(given) => self.prompt("#", index, given),
            Err(misread) => {
                let is_unknown = misread.detail.starts_with("unknown field");
                let code = if is_unknown { "unknown_parameter" } else { "invalid_json" };
                fault(&misread.pointer, code, misread.detail)
            }
        }
    }

    /// Reads one prompt, which stands at this place of what was sent.
    pub fn prompt(self, at: &str, index: u32, given: PromptInput) -> Result<Prompt, Vec<Fault>> {
        let mut faults = Faults::default();
        let custom_id = custom_id(at, given.custom_id, index, &mut faults);
        let reference = reference(at, given.reference, given.reward_input.as_deref(), &mut faults);
        let metadata = metadata(at, given.metadata.as_deref(), &mut faults);
        if self.checks_args {
            own_args(at, &metadata, &mut faults);
        }
        let messages: Option<Vec<Message>> =
            given.messages.map(|messages| messages.into_iter().map(Message::from).collect());
        let content = match (given.text, &messages, given.token_ids) {
            (Some(text), None, None) => self.text(at, text, &mut faults),
            (None, Some(messages), None) => self.messages(at, messages, &mut faults),
            (None, None, Some(ids)) => Some(self.token_ids(at, ids, &mut faults)),
            _ => {
                faults.add(at, "prompt_form", "give exactly one of `text`, `messages` and `token_ids`");
                None
            }
        };
        match content {
            Some(content) if faults.0.is_empty() => {
                Ok(Prompt { index, custom_id, content, messages, reference, metadata })
            }
            _ => Err(faults.0),
        }
    }

    fn text(self, at: &str, text: String, faults: &mut Faults) -> Option<PromptContent> {
        let pointer = || format!("{at}/text");
        if text.contains('\0') {
            faults.add(pointer(), "null_character", NULL_DETAIL);
            return None;
        }
        self.encoded(pointer, text, Encoding::Plain, faults)
    }

    fn messages(self, at: &str, messages: &[Message], faults: &mut Faults) -> Option<PromptContent> {
        let pointer = || format!("{at}/messages");
        if messages.is_empty() {
            faults.add(pointer(), "empty_prompt", "give at least one message");
            return None;
        }
        if messages.iter().any(|message| message.role.contains('\0') || message.content.contains('\0')) {
            faults.add(pointer(), "null_character", NULL_DETAIL);
            return None;
        }
        let text = match self.checkpoint.tokenizer.render_chat(messages) {
            Ok(text) => text,
            Err(error) => {
                faults.add(pointer(), "chat_template", explained(&error));
                return None;
            }
        };
        self.encoded(pointer, text, Encoding::Rendered, faults)
    }

    fn token_ids(self, at: &str, ids: Vec<u32>, faults: &mut Faults) -> PromptContent {
        let pointer = || format!("{at}/token_ids");
        let vocabulary = self.checkpoint.config.vocab_size;
        if let Some(place) = ids.iter().position(|id| *id as usize >= vocabulary) {
            let detail = format!("{} is not below the vocabulary's size, {vocabulary}", ids[place]);
            faults.add(format!("{}/{place}", pointer()), "unknown_token", detail);
        }
        self.fits(pointer, ids.len(), faults);
        PromptContent::Tokens { ids, text: None }
    }

    /// A text that the model can take. What is short enough whatever its tokens are is not tokenised here: that is most of
    /// the work of taking a prompt in, and is done when a miner is asked.
    fn encoded(
        self,
        pointer: impl Fn() -> String,
        text: String,
        encoding: Encoding,
        faults: &mut Faults,
    ) -> Option<PromptContent> {
        let (tokenizer, context) =
            (&self.checkpoint.tokenizer, self.checkpoint.config.max_position_embeddings);
        if text.len() > context.saturating_mul(MAX_BYTES_PER_TOKEN) {
            let detail = format!("{} bytes cannot fit a context of {context} tokens", text.len());
            faults.add(pointer(), "prompt_too_long", detail);
            return None;
        }
        let most = tokenizer.most_tokens(text.len());
        if text.is_empty() || most.is_none_or(|most| most.saturating_add(self.max_tokens) > context) {
            match encode(tokenizer, &text, encoding) {
                Ok(ids) => self.fits(pointer, ids.len(), faults),
                Err(error) => faults.add(pointer(), "tokenizer", explained(&error)),
            }
        }
        Some(PromptContent::Text { text, encoding })
    }

    fn fits(self, pointer: impl Fn() -> String, tokens: usize, faults: &mut Faults) {
        let context = self.checkpoint.config.max_position_embeddings;
        if tokens == 0 {
            faults.add(pointer(), "empty_prompt", "the prompt has no tokens");
        } else if tokens + self.max_tokens > context {
            let most = self.max_tokens;
            let detail =
                format!("the prompt has {tokens} tokens and may get {most} more; the context is {context}");
            faults.add(pointer(), "prompt_too_long", detail);
        }
    }
}

/// The tokens that the model is given.
pub fn tokens(tokenizer: &Tokenizer, content: PromptContent) -> Result<Vec<u32>, checkpoint::Error> {
    match content {
        PromptContent::Tokens { ids, .. } => Ok(ids),
        PromptContent::Text { text, encoding } => encode(tokenizer, &text, encoding),
    }
}

fn encode(tokenizer: &Tokenizer, text: &str, encoding: Encoding) -> Result<Vec<u32>, checkpoint::Error> {
    match encoding {
        Encoding::Plain => tokenizer.encode(text),
        Encoding::Rendered => tokenizer.encode_rendered(text),
    }
}

/// The name of a prompt that was given none.
pub fn default_id(index: u32) -> String {
    format!("prompt-{index}")
}

fn custom_id(at: &str, given: Option<String>, index: u32, faults: &mut Faults) -> String {
    let Some(id) = given else { return default_id(index) };
    let chars = id.chars().count();
    if !(1..=MAX_CUSTOM_ID_CHARS).contains(&chars) || id.chars().any(char::is_control) {
        let detail = format!("1 to {MAX_CUSTOM_ID_CHARS} characters, none of them a control character");
        faults.add(format!("{at}/custom_id"), "invalid_custom_id", detail);
    }
    id
}

/// What a reward function compares with: a text, or the text of any JSON.
pub fn reference(at: &str, text: Option<String>, json: Option<&RawValue>, faults: &mut Faults) -> String {
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

/// A JSON object of a bearable size, as its text.
pub fn metadata(at: &str, given: Option<&RawValue>, faults: &mut Faults) -> String {
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

/// Arguments of a built-in reward that a prompt has of its own win over the job's, and must be as good.
fn own_args(at: &str, metadata: &str, faults: &mut Faults) {
    if !metadata.contains("args") && !metadata.contains('\\') {
        return;
    }
    let members: Option<Map<String, Value>> = serde_json::from_str(metadata).ok();
    let Some(args) = members.as_ref().and_then(|members| members.get("args")) else { return };
    for fault in builtins::check(args).err().unwrap_or_default() {
        faults.add(format!("{at}/metadata/args{}", fault.pointer), fault.code, fault.detail);
    }
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
