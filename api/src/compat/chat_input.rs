//! A request for a chat completion as OpenAI's clients send it: the body of one route, and of each line of a batch.
//!
//! What would change the answer and cannot be done is refused, never passed over: an answer that was asked for with `seed`
//! or `tools` would else look as if it had them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::jobs::parse::{self, Faults};

const MAX_STOPS: usize = 4;
const MAX_STOP_CHARS: usize = 128;

/// A conversation, and how its next message is sampled. Members that OpenAI has beside these are refused.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "model": "current",
    "messages": [{ "role": "user", "content": "What is 40 + 2?" }],
    "max_tokens": 64,
    "n": 2
}))]
pub(crate) struct ChatRequest {
    /// `current`, or an id of `GET /v1/models`.
    #[schema(required, example = "current")]
    model: Option<String>,
    #[schema(required, min_items = 1)]
    #[serde(default)]
    messages: Vec<ChatMessageInput>,
    /// Answers, 1 to 64.
    #[schema(default = 1, minimum = 1, maximum = 64)]
    n: Option<i64>,
    /// 0.01 to 2.
    #[schema(default = 1.0)]
    temperature: Option<f64>,
    /// Above 0 and at most 1.
    #[schema(default = 1.0)]
    top_p: Option<f64>,
    /// At most so many tokens per answer; half of the model's context if not given.
    #[schema(minimum = 1)]
    max_completion_tokens: Option<i64>,
    /// The same by its older name. Give one of the two.
    #[schema(minimum = 1)]
    max_tokens: Option<i64>,
    /// Up to 4 texts before which an answer is cut. What comes after was sampled, too, and is counted in `usage`.
    stop: Option<StopInput>,
    /// With the log-prob of each token, as the sampling policy has it.
    logprobs: Option<bool>,
    /// Only 0: there are no log-probs of other tokens.
    #[schema(minimum = 0, maximum = 0)]
    top_logprobs: Option<i64>,
    /// Only `false`: an answer is verified as a whole.
    stream: Option<bool>,
    /// Only `null`: draws follow the service's randomness, so that nobody chooses them.
    seed: Option<i64>,
    /// Only 0.
    frequency_penalty: Option<f64>,
    /// Only 0.
    presence_penalty: Option<f64>,
    /// Yours; nothing is done with it.
    #[expect(dead_code, reason = "taken, so that a client may send it")]
    user: Option<String>,
    /// Kept with the job: at most 16 entries, keys and values of at most 512 characters. Not in a batch.
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChatMessageInput {
    /// Whatever the checkpoint's chat template knows.
    #[schema(example = "user")]
    role: String,
    content: ContentInput,
}

/// A text, or parts of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum ContentInput {
    #[schema(example = "What is 40 + 2?")]
    Text(String),
    Parts(Vec<PartInput>),
}

/// A part that is text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartInput {
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "there is but one kind")]
    kind: PartKind,
    text: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PartKind {
    Text,
}

/// A text, or up to 4 of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum StopInput {
    #[schema(example = "\n")]
    One(String),
    Many(Vec<String>),
}

/// How answers are sampled and written. Requests with the same terms are prompts of the same job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terms {
    pub(crate) model: String,
    pub(crate) n: i64,
    pub(crate) temperature: f64,
    pub(crate) top_p: f64,
    /// 0 is off.
    pub(crate) top_k: i64,
    pub(crate) max_tokens: Option<i64>,
    pub(crate) logprobs: bool,
    pub(crate) stop: Vec<String>,
}

/// A request that is understood.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) terms: Terms,
    /// As `POST /v1/jobs` takes them.
    pub(crate) messages: Value,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl ChatRequest {
    /// Checks what jobs know nothing of; the rest is checked where every job is.
    pub(crate) fn read(self, faults: &mut Faults) -> Asked {
        self.refuse_what_cannot_be(faults);
        if self.model.is_none() {
            faults.add("#/model", "required", "`current`, or an id of GET /v1/models");
        }
        if self.max_tokens.is_some() && self.max_completion_tokens.is_some() {
            let detail = "give `max_completion_tokens` or `max_tokens`, not both";
            faults.add("#/max_tokens", "not_allowed", detail);
        }
        let metadata = self.metadata.unwrap_or_default();
        parse::metadata(&metadata, faults);
        let terms = Terms {
            model: self.model.unwrap_or_else(|| "current".to_owned()),
            n: self.n.unwrap_or(1),
            temperature: self.temperature.unwrap_or(1.0),
            top_p: self.top_p.unwrap_or(1.0),
            top_k: 0,
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            logprobs: self.logprobs.unwrap_or(false),
            stop: stops(self.stop, faults),
        };
        let messages = self.messages.into_iter();
        let messages = messages
            .map(|message| json!({ "role": message.role, "content": message.content.text() }))
            .collect();
        Asked { terms, messages, metadata }
    }

    fn refuse_what_cannot_be(&self, faults: &mut Faults) {
        let mut refuse = |is_given: bool, pointer: &str, detail: &str| {
            if is_given {
                faults.add(pointer, "unsupported_value", detail);
            }
        };
        let is_some = |number: Option<f64>| number.is_some_and(|number| number != 0.0);
        refuse(
            self.stream == Some(true),
            "#/stream",
            "answers are verified as a whole, and then sent at once",
        );
        refuse(
            self.seed.is_some(),
            "#/seed",
            "draws follow the service's randomness, so that nobody chooses them",
        );
        refuse(
            self.top_logprobs.is_some_and(|most| most != 0),
            "#/top_logprobs",
            "there are no log-probs of other tokens",
        );
        for (number, pointer) in
            [(self.frequency_penalty, "#/frequency_penalty"), (self.presence_penalty, "#/presence_penalty")]
        {
            refuse(is_some(number), pointer, "only 0: what is sampled is the model's own distribution");
        }
    }
}

impl ContentInput {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().map(|part| part.text).collect(),
        }
    }
}

fn stops(given: Option<StopInput>, faults: &mut Faults) -> Vec<String> {
    let stops = match given {
        None => Vec::new(),
        Some(StopInput::One(stop)) => vec![stop],
        Some(StopInput::Many(stops)) => stops,
    };
    if stops.len() > MAX_STOPS {
        faults.add("#/stop", "too_many", format!("{} texts; at most {MAX_STOPS}", stops.len()));
        return Vec::new();
    }
    for stop in &stops {
        let chars = stop.chars().count();
        if !(1..=MAX_STOP_CHARS).contains(&chars) || stop.contains('\0') {
            let detail = format!("each of 1 to {MAX_STOP_CHARS} characters, and none of them U+0000");
            faults.add("#/stop", "out_of_range", detail);
        }
    }
    stops
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    fn faults(text: &str) -> Vec<(String, &'static str)> {
        let mut faults = Faults::default();
        body::parse::<ChatRequest>(text.as_bytes()).unwrap().read(&mut faults);
        faults.0.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn both_spellings_say_the_same() {
        let mut none = Faults::default();
        let mut read = |text: &str| body::parse::<ChatRequest>(text.as_bytes()).unwrap().read(&mut none);
        let plain = read(
            r#"{"model":"current","messages":[{"role":"user","content":"ab"}],"max_tokens":3,"stop":"\n"}"#,
        );
        let other = read(
            r#"{"model":"current","messages":[{"role":"user","content":[{"type":"text","text":"a"},
                {"type":"text","text":"b"}]}],"max_completion_tokens":3,"stop":["\n"],"n":1,"temperature":1,"top_p":1,
                "logprobs":false,"top_logprobs":0,"stream":false,"seed":null,"frequency_penalty":0,"user":"me"}"#,
        );
        assert_eq!((plain.terms, plain.messages), (other.terms, other.messages));
        assert!(none.0.is_empty(), "{none:?}");
    }

    #[test]
    fn what_cannot_be_done_is_refused_all_at_once() {
        let found = faults(
            r#"{"messages":[],"seed":1,"stream":true,"top_logprobs":2,"presence_penalty":0.1,"frequency_penalty":-1,
                "max_tokens":1,"max_completion_tokens":1,"stop":["","a","b","c"]}"#,
        );
        let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        let expected = [
            "#/stream",
            "#/seed",
            "#/top_logprobs",
            "#/frequency_penalty",
            "#/presence_penalty",
            "#/model",
            "#/max_tokens",
            "#/stop",
        ];
        assert_eq!(pointers, expected);
        assert_eq!(
            faults(r#"{"model":"m","stop":["a","b","c","d","e"]}"#),
            [("#/stop".to_owned(), "too_many")]
        );
        assert!(body::parse::<ChatRequest>(br#"{"model":"m","tools":[]}"#).is_err());
        assert!(
            body::parse::<ChatRequest>(
                br#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#
            )
            .is_err()
        );
    }
}
