//! `config.json` and `generation_config.json`: the model's shape, and the refusal of what the engine does not compute.
//!
//! A setting that changes the arithmetic and is not implemented must be an error here: ignoring one would give a model
//! that runs, answers and is wrong.

use std::path::Path;

use serde_json::Value;

use crate::Error;
use crate::json::{self, Object, flag, positive, present, size};

const CONFIG_LIMIT: u64 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    Qwen2,
    Qwen3,
    Llama,
}

/// The shape of a decoder. Sizes are checked to be sane and to fit each other.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    pub architecture: Architecture,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub num_key_value_heads: usize,
    pub head_dim: usize,
    pub rms_norm_eps: f32,
    pub rope_theta: f64,
    pub rope_scaling: Option<Llama3Rope>,
    pub tie_word_embeddings: bool,
    /// Biases on q, k and v (never on o): Qwen2 has them, the others do not.
    pub attention_bias: bool,
    pub max_position_embeddings: usize,
    /// At least one; from `generation_config.json`, else from `config.json`.
    pub eos_token_ids: Vec<u32>,
}

/// Llama 3's frequency-dependent stretch of the rotary wavelengths.
#[derive(Debug, Clone, PartialEq)]
pub struct Llama3Rope {
    pub factor: f64,
    pub low_freq_factor: f64,
    pub high_freq_factor: f64,
    pub original_max_position_embeddings: usize,
}

impl ModelConfig {
    pub(crate) fn read(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("config.json");
        let config: Object = json::parse(&path, CONFIG_LIMIT)?.ok_or_else(|| json::missing(&path))?;
        let generation: Option<Object> = json::parse(&dir.join("generation_config.json"), CONFIG_LIMIT)?;
        Self::from_objects(&config, generation.as_ref())
    }

    fn from_objects(config: &Object, generation: Option<&Object>) -> Result<Self, Error> {
        let architecture = architecture(config)?;
        refuse_unsupported(config, architecture)?;
        let rope = rope_object(config)?;
        let hidden_size = size(config, "hidden_size", 1 << 16, None)?;
        let heads = size(config, "num_attention_heads", 1 << 10, None)?;
        let vocab_size = size(config, "vocab_size", 1 << 22, None)?;
        let max_position_embeddings = size(config, "max_position_embeddings", 1 << 24, None)?;
        // what transformers assumes where the file is silent
        let default_kv_heads = (architecture == Architecture::Llama).then_some(heads);
        let default_head_dim = if architecture == Architecture::Qwen3 { 128 } else { hidden_size / heads };
        let default_theta = present(config, "rope_theta").and_then(Value::as_f64).unwrap_or(10_000.0);
        let model = Self {
            architecture,
            vocab_size,
            hidden_size,
            intermediate_size: size(config, "intermediate_size", 1 << 20, None)?,
            num_hidden_layers: size(config, "num_hidden_layers", 1 << 10, None)?,
            num_attention_heads: heads,
            num_key_value_heads: size(config, "num_key_value_heads", 1 << 10, default_kv_heads)?,
            head_dim: size(config, "head_dim", 1 << 10, Some(default_head_dim))?,
            rms_norm_eps: positive(config, "rms_norm_eps", Some(1e-6))? as f32,
            rope_theta: match rope {
                Some(rope) => positive(rope, "rope_theta", Some(default_theta))?,
                None => positive(config, "rope_theta", Some(10_000.0))?,
            },
            rope_scaling: rope.map(|rope| rope_scaling(rope, max_position_embeddings)).transpose()?.flatten(),
            tie_word_embeddings: flag(config, "tie_word_embeddings")?,
            attention_bias: architecture == Architecture::Qwen2,
            max_position_embeddings,
            eos_token_ids: eos_token_ids(config, generation, vocab_size)?,
        };
        model.check_fit()?;
        Ok(model)
    }

    fn check_fit(&self) -> Result<(), Error> {
        if !self.num_attention_heads.is_multiple_of(self.num_key_value_heads) {
            let problem =
                format!("{} does not divide {}", self.num_key_value_heads, self.num_attention_heads);
            return Err(Error::config("num_key_value_heads", problem));
        }
        if self.head_dim == 0 || !self.head_dim.is_multiple_of(2) {
            return Err(Error::config(
                "head_dim",
                format!("{} is not a positive even number", self.head_dim),
            ));
        }
        Ok(())
    }
}

fn architecture(config: &Object) -> Result<Architecture, Error> {
    let named = match present(config, "architectures") {
        Some(value) => match value.as_array().map(Vec::as_slice) {
            Some([Value::String(name)]) => Some(name.as_str()),
            _ => return Err(Error::config("architectures", format!("{value} is not a list of one name"))),
        },
        None => None,
    };
    let by_name = match named {
        Some("Qwen2ForCausalLM") => Some(Architecture::Qwen2),
        Some("Qwen3ForCausalLM") => Some(Architecture::Qwen3),
        Some("LlamaForCausalLM") => Some(Architecture::Llama),
        Some(other) => return Err(Error::config("architectures", format!("{other:?} is not supported"))),
        None => None,
    };
    let by_type = match present(config, "model_type").map(|value| value.as_str().unwrap_or_default()) {
        Some("qwen2") => Some(Architecture::Qwen2),
        Some("qwen3") => Some(Architecture::Qwen3),
        Some("llama") => Some(Architecture::Llama),
        Some(other) => return Err(Error::config("model_type", format!("{other:?} is not supported"))),
        None => None,
    };
    match (by_name, by_type) {
        (Some(name), Some(kind)) if name != kind => {
            Err(Error::config("model_type", "does not agree with `architectures`"))
        }
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(Error::config("architectures", "is missing")),
    }
}

fn refuse_unsupported(config: &Object, architecture: Architecture) -> Result<(), Error> {
    for field in ["use_sliding_window", "mlp_bias"] {
        if flag(config, field)? {
            return Err(Error::config(field, "is on, which is not supported"));
        }
    }
    // outside Qwen2 this flag also puts a bias on the output projection, which no published model has
    if architecture != Architecture::Qwen2 && flag(config, "attention_bias")? {
        return Err(Error::config("attention_bias", "is on, which is not supported"));
    }
    if present(config, "hidden_act").is_some_and(|act| act != "silu") {
        return Err(Error::config("hidden_act", "only \"silu\" is supported"));
    }
    if present(config, "quantization_config").is_some() {
        return Err(Error::config("quantization_config", "quantised weights are not supported"));
    }
    if present(config, "partial_rotary_factor").is_some_and(|factor| factor.as_f64() != Some(1.0)) {
        return Err(Error::config("partial_rotary_factor", "only 1 is supported"));
    }
    let full = |kind: &Value| kind == "full_attention";
    if present(config, "layer_types")
        .is_some_and(|kinds| !kinds.as_array().is_some_and(|k| k.iter().all(full)))
    {
        return Err(Error::config("layer_types", "only \"full_attention\" is supported"));
    }
    Ok(())
}

/// `rope_parameters` (transformers 5) or `rope_scaling` (before).
fn rope_object(config: &Object) -> Result<Option<&Object>, Error> {
    for field in ["rope_parameters", "rope_scaling"] {
        if let Some(value) = present(config, field) {
            let object = value.as_object().ok_or_else(|| Error::config(field, "is not an object"))?;
            // transformers 5 may nest one object per kind of layer: a mix that is not supported
            if object.values().any(Value::is_object) {
                return Err(Error::config(field, "one setting per kind of layer is not supported"));
            }
            return Ok(Some(object));
        }
    }
    Ok(None)
}

fn rope_scaling(rope: &Object, max_position_embeddings: usize) -> Result<Option<Llama3Rope>, Error> {
    if present(rope, "partial_rotary_factor").is_some_and(|factor| factor.as_f64() != Some(1.0)) {
        return Err(Error::config("partial_rotary_factor", "only 1 is supported"));
    }
    match present(rope, "rope_type").or_else(|| present(rope, "type")) {
        None => Ok(None),
        Some(kind) if kind == "default" => Ok(None),
        Some(kind) if kind == "llama3" => {
            let scaling = Llama3Rope {
                factor: positive(rope, "factor", None)?,
                low_freq_factor: positive(rope, "low_freq_factor", None)?,
                high_freq_factor: positive(rope, "high_freq_factor", None)?,
                original_max_position_embeddings: size(
                    rope,
                    "original_max_position_embeddings",
                    1 << 24,
                    Some(max_position_embeddings),
                )?,
            };
            if scaling.high_freq_factor <= scaling.low_freq_factor {
                return Err(Error::config("high_freq_factor", "must be above low_freq_factor"));
            }
            Ok(Some(scaling))
        }
        Some(kind) => Err(Error::config("rope_type", format!("{kind} is not supported"))),
    }
}

fn eos_token_ids(config: &Object, generation: Option<&Object>, vocab_size: usize) -> Result<Vec<u32>, Error> {
    const FIELD: &str = "eos_token_id";
    let value = generation
        .and_then(|generation| present(generation, FIELD))
        .or_else(|| present(config, FIELD))
        .ok_or_else(|| Error::config(FIELD, "is missing from generation_config.json and config.json"))?;
    let listed = match value {
        Value::Array(ids) => ids.as_slice(),
        one => std::slice::from_ref(one),
    };
    let id = |id: &Value| {
        id.as_u64().filter(|id| *id < vocab_size as u64).and_then(|id| u32::try_from(id).ok()).ok_or_else(
            || Error::config(FIELD, format!("{id} is not a token id below the vocabulary size {vocab_size}")),
        )
    };
    let ids = listed.iter().map(id).collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Err(Error::config(FIELD, "is an empty list"));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().unwrap().clone()
    }

    fn base() -> Object {
        object(&json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 160, "hidden_size": 64,
            "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5, "max_position_embeddings": 512, "eos_token_id": 1
        }))
    }

    fn with(changes: &Value) -> Result<ModelConfig, Error> {
        let mut config = base();
        config.extend(object(changes));
        ModelConfig::from_objects(&config, None)
    }

    fn refused_field(changes: &Value) -> &'static str {
        match with(changes) {
            Err(Error::Config { field, .. }) => field,
            other => panic!("{changes}: {other:?}"),
        }
    }

    #[test]
    fn silent_fields_get_the_values_that_transformers_assumes() {
        let llama = with(&json!({ "num_key_value_heads": null })).unwrap();
        assert_eq!((llama.head_dim, llama.num_key_value_heads, llama.rope_theta), (16, 4, 10_000.0));
        assert!(!llama.tie_word_embeddings && !llama.attention_bias && llama.rope_scaling.is_none());
        let qwen3 = json!({ "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3" });
        assert_eq!(with(&qwen3).unwrap().head_dim, 128);
        let qwen2 =
            json!({ "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "sliding_window": 4096 });
        assert!(with(&qwen2).unwrap().attention_bias);
        assert_eq!(with(&json!({ "architectures": null })).unwrap().architecture, Architecture::Llama);
        assert_eq!(with(&json!({ "model_type": null })).unwrap().architecture, Architecture::Llama);
    }

    #[test]
    fn rope_is_read_in_both_spellings() {
        let scaling = json!({ "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64 });
        let expected = Llama3Rope {
            factor: 8.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_max_position_embeddings: 64,
        };
        let old = with(&json!({ "rope_theta": 500_000.0, "rope_scaling": scaling })).unwrap();
        let mut parameters = object(&scaling);
        parameters.insert("rope_theta".to_owned(), json!(500_000));
        let new = with(&json!({ "rope_parameters": parameters })).unwrap();
        assert_eq!((old.rope_scaling.as_ref(), old.rope_theta), (Some(&expected), 500_000.0));
        assert_eq!(old, new);
        let plain =
            with(&json!({ "rope_parameters": { "rope_type": "default", "rope_theta": 1e6 } })).unwrap();
        assert_eq!((plain.rope_scaling, plain.rope_theta), (None, 1e6));
        assert_eq!(
            with(&json!({ "rope_scaling": { "type": "default" }, "rope_theta": 7.0 })).unwrap().rope_theta,
            7.0
        );
    }

    #[test]
    fn generation_config_wins_for_eos_and_lists_are_read() {
        let generation = object(&json!({ "eos_token_id": [3, 7] }));
        assert_eq!(ModelConfig::from_objects(&base(), Some(&generation)).unwrap().eos_token_ids, [3, 7]);
        assert_eq!(ModelConfig::from_objects(&base(), Some(&Object::new())).unwrap().eos_token_ids, [1]);
        for bad in [json!(160), json!(-1), json!([]), json!("1"), json!([1, null]), json!(null)] {
            assert_eq!(refused_field(&json!({ "eos_token_id": bad })), "eos_token_id");
        }
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        for (field, value) in [
            ("architectures", json!(["MixtralForCausalLM"])),
            ("architectures", json!([])),
            ("model_type", json!("qwen3")),
            ("model_type", json!(3)),
            ("use_sliding_window", json!(true)),
            ("use_sliding_window", json!("yes")),
            ("attention_bias", json!(true)),
            ("mlp_bias", json!(true)),
            ("hidden_act", json!("gelu")),
            ("quantization_config", json!({ "bits": 4 })),
            ("partial_rotary_factor", json!(0.5)),
            ("layer_types", json!(["full_attention", "sliding_attention"])),
            ("rope_scaling", json!("llama3")),
            ("rope_parameters", json!({ "full_attention": { "rope_theta": 1e4 } })),
            ("vocab_size", json!(0)),
            ("vocab_size", json!(1u64 << 60)),
            ("hidden_size", json!(-64)),
            ("hidden_size", json!(64.5)),
            ("hidden_size", json!(null)),
            ("num_key_value_heads", json!(3)),
            ("head_dim", json!(15)),
            ("num_attention_heads", json!(128)),
            ("rms_norm_eps", json!(0)),
            ("rope_theta", json!("10000")),
            ("tie_word_embeddings", json!(1)),
        ] {
            let named = refused_field(&json!({ field: value }));
            let expected = if field == "num_attention_heads" { "head_dim" } else { field };
            assert_eq!(named, expected, "{field} = {value}");
        }
    }

    #[test]
    fn unknown_or_incomplete_rope_is_refused() {
        assert_eq!(
            refused_field(&json!({ "rope_scaling": { "rope_type": "yarn", "factor": 4.0 } })),
            "rope_type"
        );
        assert_eq!(
            refused_field(&json!({ "rope_scaling": { "type": "linear", "factor": 4.0 } })),
            "rope_type"
        );
        let upside_down =
            json!({ "rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1 });
        assert_eq!(refused_field(&json!({ "rope_scaling": upside_down })), "high_freq_factor");
        assert_eq!(refused_field(&json!({ "rope_scaling": { "rope_type": "llama3" } })), "factor");
    }
}
