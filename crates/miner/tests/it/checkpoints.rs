//! Small checkpoints with random weights, in Hugging Face format.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

pub(crate) const VOCAB: usize = 96;
pub(crate) const CONTEXT: usize = 512;
pub(crate) const EOS: u32 = 2;
const HIDDEN: usize = 32;
const WIDTH: usize = 64;
const LAYERS: usize = 2;
const KV: usize = 16;

/// Writes a checkpoint whose weights depend on `seed`.
pub(crate) fn write(dir: &Path, seed: u64) {
    let json_file = |name: &str, value: &Value| fs::write(dir.join(name), value.to_string()).unwrap();
    json_file(
        "config.json",
        &json!({
            "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": VOCAB, "hidden_size": HIDDEN,
            "intermediate_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 2,
            "num_key_value_heads": 1, "head_dim": KV, "max_position_embeddings": CONTEXT,
            "tie_word_embeddings": true, "rms_norm_eps": 1e-6, "eos_token_id": EOS
        }),
    );
    let words: Map<String, Value> = (0..VOCAB).map(|id| (format!("w{id}"), json!(id))).collect();
    json_file(
        "tokenizer.json",
        &json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": { "type": "WhitespaceSplit" }, "post_processor": null, "decoder": null,
            "model": { "type": "WordLevel", "vocab": words, "unk_token": "w0" }
        }),
    );
    fs::write(dir.join("model.safetensors"), safetensors(seed)).unwrap();
}

fn safetensors(seed: u64) -> Vec<u8> {
    let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![VOCAB, HIDDEN])];
    for layer in 0..LAYERS {
        let mut add = |name: &str, shape: &[usize]| {
            tensors.push((format!("model.layers.{layer}.{name}.weight"), shape.to_vec()));
        };
        add("input_layernorm", &[HIDDEN]);
        add("self_attn.q_proj", &[2 * KV, HIDDEN]);
        add("self_attn.k_proj", &[KV, HIDDEN]);
        add("self_attn.v_proj", &[KV, HIDDEN]);
        add("self_attn.q_norm", &[KV]);
        add("self_attn.k_norm", &[KV]);
        add("self_attn.o_proj", &[HIDDEN, 2 * KV]);
        add("post_attention_layernorm", &[HIDDEN]);
        add("mlp.gate_proj", &[WIDTH, HIDDEN]);
        add("mlp.up_proj", &[WIDTH, HIDDEN]);
        add("mlp.down_proj", &[HIDDEN, WIDTH]);
    }
    tensors.push(("model.norm.weight".to_owned(), vec![HIDDEN]));
    let (mut header, mut data) = (Map::new(), Vec::new());
    let mut state = seed;
    for (name, shape) in tensors {
        let start = data.len();
        for _ in 0..shape.iter().product::<usize>() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0;
            // norms near one, matrices small enough to keep the distributions broad
            let value = if shape.len() == 1 { 1.0 + 0.1 * unit } else { 0.25 * unit };
            data.extend_from_slice(&value.to_le_bytes());
        }
        header.insert(name, json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] }));
    }
    let mut header = Value::Object(header).to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&data);
    file
}
