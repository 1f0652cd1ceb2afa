//! A sampling request as the package sends it. What cannot be done is refused, as in chats.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::session;
use crate::compat::chat_input::Terms;
use crate::jobs::parse::Faults;

/// The package's `SampleRequest`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerSampleRequest, example = json!({
    "sampling_session_id": "smp_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b_current",
    "seq_id": 0,
    "num_samples": 2,
    "prompt": { "chunks": [{ "type": "encoded_text", "tokens": [5, 6, 7] }] },
    "sampling_params": { "max_tokens": 64, "temperature": 1.0 }
}))]
pub(crate) struct SampleRequest {
    /// Of `create_sampling_session`.
    pub(super) sampling_session_id: String,
    /// Once per session: the same number is the same request.
    pub(super) seq_id: u64,
    #[serde(default = "one")]
    #[schema(default = 1, minimum = 1, maximum = 64)]
    num_samples: i64,
    prompt: ModelInput,
    sampling_params: SamplingParams,
    /// Only `false`, as all that follow: there are no log-probs but those of the sampled tokens.
    prompt_logprobs: Option<bool>,
    #[serde(default)]
    topk_prompt_logprobs: i64,
    #[serde(default)]
    topk_sample_logprobs: i64,
    #[schema(value_type = Option<Object>)]
    target_prompt_logprobs: Option<Value>,
    #[serde(default)]
    prompt_alt_tokens_k: i64,
    prompt_logprobs_last_n: Option<i64>,
    record_stability_info: Option<bool>,
    /// Nothing is looked up by these: the session names the model.
    base_model: Option<String>,
    model_path: Option<String>,
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "the package writes it")]
    kind: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerModelInput)]
struct ModelInput {
    chunks: Vec<Chunk>,
}

/// Tokens. The package's images have no model here.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerChunk)]
struct Chunk {
    tokens: Vec<u32>,
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "there is but one kind")]
    kind: ChunkKind,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TinkerChunkKind)]
enum ChunkKind {
    EncodedText,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerSamplingParams)]
struct SamplingParams {
    /// Half of the model's context if not given.
    max_tokens: Option<i64>,
    /// Only null: draws follow the service's randomness.
    seed: Option<i64>,
    /// Only null, or the model's own end-of-sequence tokens.
    #[schema(value_type = Option<Object>)]
    stop: Option<Value>,
    /// 0.01 to 2.
    temperature: Option<f64>,
    /// -1 and 0 are off.
    top_k: Option<i64>,
    top_p: Option<f64>,
}

fn one() -> i64 {
    1
}

impl SampleRequest {
    /// How it is sampled, and its prompt as `POST /v1/jobs` takes it. `eos` are the tokens at which every sample ends.
    pub(super) fn read(self, eos: &[u32], faults: &mut Faults) -> (Terms, Value) {
        let model = session::model(&self.sampling_session_id).unwrap_or_else(|| {
            faults.add("#/sampling_session_id", "unknown_session", "no sampling session of this service");
            "current"
        });
        let refused = [
            (self.prompt_logprobs == Some(true), "prompt_logprobs"),
            (self.topk_prompt_logprobs != 0, "topk_prompt_logprobs"),
            (self.topk_sample_logprobs != 0, "topk_sample_logprobs"),
            (self.target_prompt_logprobs.is_some(), "target_prompt_logprobs"),
            (self.prompt_alt_tokens_k != 0, "prompt_alt_tokens_k"),
            (self.prompt_logprobs_last_n.is_some(), "prompt_logprobs_last_n"),
            (self.record_stability_info == Some(true), "record_stability_info"),
            (self.base_model.is_some(), "base_model"),
            (self.model_path.is_some(), "model_path"),
            (self.sampling_params.seed.is_some(), "sampling_params/seed"),
        ];
        for (_, name) in refused.iter().filter(|(is_given, _)| *is_given) {
            faults.add(format!("#/{name}"), "unsupported_value", "cannot be had here");
        }
        let params = self.sampling_params;
        if params.stop.as_ref().is_some_and(|stop| !is_end(stop, eos)) {
            let detail = "only the model's own end-of-sequence tokens, or nothing: miners know no others";
            faults.add("#/sampling_params/stop", "unsupported_value", detail);
        }
        let terms = Terms {
            model: model.to_owned(),
            n: self.num_samples,
            temperature: params.temperature.unwrap_or(1.0),
            top_p: params.top_p.unwrap_or(1.0),
            top_k: params.top_k.filter(|top_k| *top_k != -1).unwrap_or(0),
            max_tokens: params.max_tokens,
            logprobs: true,
            stop: Vec::new(),
        };
        let tokens: Vec<u32> = self.prompt.chunks.into_iter().flat_map(|chunk| chunk.tokens).collect();
        (terms, json!({ "token_ids": tokens }))
    }
}

/// Whether samples end there anyway. An empty list is another thing: it asks to go on after the end.
fn is_end(stop: &Value, eos: &[u32]) -> bool {
    let is_eos = |id: &Value| id.as_u64().is_some_and(|id| eos.iter().any(|eos| u64::from(*eos) == id));
    stop.as_array().is_some_and(|stops| !stops.is_empty() && stops.iter().all(is_eos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    fn read(more: &str) -> (Terms, Value, Vec<String>) {
        let session = format!("smp_{}_current", "0".repeat(32));
        let text = format!(
            r#"{{"sampling_session_id":"{session}","seq_id":1,"prompt":{{"chunks":[{{"type":"encoded_text","tokens":[5]}},
                {{"type":"encoded_text","tokens":[6,7]}}]}},"type":"sample",{more}}}"#
        );
        let mut faults = Faults::default();
        let (terms, prompt) = body::parse::<SampleRequest>(text.as_bytes()).unwrap().read(&[0], &mut faults);
        (terms, prompt, faults.0.into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn a_request_is_a_prompt_of_tokens() {
        let (terms, prompt, faults) = read(
            r#""num_samples":4,"sampling_params":{"top_k":-1,"temperature":0.5,"max_tokens":9,"stop":[0]}"#,
        );
        assert_eq!((prompt, faults), (json!({ "token_ids": [5, 6, 7] }), Vec::<String>::new()));
        assert_eq!((terms.n, terms.top_k, terms.max_tokens), (4, 0, Some(9)));
    }

    #[test]
    fn what_cannot_be_done_is_refused_all_at_once() {
        let (_, _, faults) = read(
            r#""prompt_logprobs":true,"topk_sample_logprobs":1,"sampling_params":{"seed":1,"stop":["x"]},"model_path":"m""#,
        );
        let expected = [
            "prompt_logprobs",
            "topk_sample_logprobs",
            "model_path",
            "sampling_params/seed",
            "sampling_params/stop",
        ];
        assert_eq!(faults, expected.map(|name| format!("#/{name}")));
        for stop in ["[]", "\"x\"", "[1]", "[0,1]"] {
            assert_eq!(
                read(&format!(r#""sampling_params":{{"stop":{stop}}}"#)).2,
                ["#/sampling_params/stop"],
                "{stop}"
            );
        }
    }
}
