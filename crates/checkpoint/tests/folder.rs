//! Whole folders: identity, sharding, broken and hostile files. The folders are made here, except the trained demo
//! model's, which is opened as it is committed.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use checkpoint::{Architecture, Checkpoint, Error};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILES: [&str; 6] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "model.safetensors",
];

fn write_json(path: &Path, value: &Value) {
    fs::write(path, serde_json::to_vec(value).unwrap()).unwrap();
}

/// A folder that opens: a three-word tokenizer and two tensors, one above a 64 KiB leaf.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_json(
        &at("config.json"),
        &json!({
            "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": 3, "hidden_size": 16,
            "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1,
            "head_dim": 16, "max_position_embeddings": 64, "tie_word_embeddings": true
        }),
    );
    write_json(&at("generation_config.json"), &json!({ "eos_token_id": 2 }));
    write_json(
        &at("tokenizer.json"),
        &json!({
            "version": "1.0", "truncation": { "direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0 },
            "padding": null, "normalizer": null, "pre_tokenizer": { "type": "WhitespaceSplit" }, "decoder": null,
            "added_tokens": [{ "id": 2, "content": "<eos>", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true }],
            "post_processor": { "type": "TemplateProcessing",
                "single": [{ "SpecialToken": { "id": "<eos>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
                "pair": [], "special_tokens": { "<eos>": { "id": "<eos>", "ids": [2], "tokens": ["<eos>"] } } },
            "model": { "type": "WordLevel", "vocab": { "one": 0, "two": 1, "<eos>": 2 }, "unk_token": "one" }
        }),
    );
    write_json(&at("tokenizer_config.json"), &json!({ "eos_token": "<eos>" }));
    fs::write(at("chat_template.jinja"), "{{ eos_token }}{{ messages[0].content }}").unwrap();
    let big: Vec<u8> = (0..20_000).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let half: Vec<u8> = [1.0, -2.5].iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes()).collect();
    save(
        &at("model.safetensors"),
        &[("big", Dtype::F32, &[200, 100], &big), ("half", Dtype::BF16, &[2], &half)],
    );
    dir
}

type Raw<'a> = (&'a str, Dtype, &'a [usize], &'a [u8]);

fn save(path: &Path, tensors: &[Raw<'_>]) {
    let views: BTreeMap<&str, TensorView<'_>> = tensors
        .iter()
        .map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap()))
        .collect();
    serialize_to_file(views, None, path).unwrap();
}

fn open(dir: &TempDir) -> Result<Checkpoint, Error> {
    Checkpoint::open(dir.path())
}

fn demo_model(which: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/arith-tiny").join(which)
}

#[test]
fn any_byte_of_any_file_changes_the_id() {
    let dir = folder();
    let id = open(&dir).unwrap().id;
    assert_eq!(open(&dir).unwrap().id, id, "opening again gives the same id");
    for file in FILES {
        let path = dir.path().join(file);
        let original = fs::read(&path).unwrap();
        // a change that leaves the file readable
        let mut changed = original.clone();
        if file.ends_with(".safetensors") {
            let end = changed.len() - 1;
            changed[end] ^= 1;
        } else {
            changed.push(b' ');
        }
        fs::write(&path, &changed).unwrap();
        assert_ne!(open(&dir).unwrap().id, id, "{file}");
        fs::write(&path, &original).unwrap();
    }
    fs::write(dir.path().join("README.md"), "not part of the model").unwrap();
    assert_eq!(open(&dir).unwrap().id, id);
    fs::write(dir.path().join("unused.safetensors"), "").unwrap();
    assert_ne!(open(&dir).unwrap().id, id, "weights that no index names are weights all the same");
}

#[test]
fn a_renamed_file_changes_the_id() {
    let dir = folder();
    let id = open(&dir).unwrap().id;
    fs::rename(dir.path().join("chat_template.jinja"), dir.path().join("x.safetensors")).unwrap();
    assert_ne!(open(&dir).unwrap().id, id);
}

#[test]
fn every_byte_of_the_weights_is_hashed() {
    let dir = folder();
    let id = open(&dir).unwrap().id;
    let path = dir.path().join("model.safetensors");
    let original = fs::read(&path).unwrap();
    let data_start = original.len() - 20_000 * 4 - 4;
    for at in (data_start..original.len()).step_by(9_999) {
        let mut changed = original.clone();
        changed[at] ^= 0x80;
        fs::write(&path, &changed).unwrap();
        assert_ne!(open(&dir).unwrap().id, id, "byte {at}");
    }
}

#[test]
fn symlinked_files_open_like_plain_ones() {
    let (real, links) = (folder(), tempfile::tempdir().unwrap());
    for file in FILES {
        std::os::unix::fs::symlink(real.path().join(file), links.path().join(file)).unwrap();
    }
    assert_eq!(open(&links).unwrap().id, open(&real).unwrap().id);
    assert!(open(&links).unwrap().tensors().unwrap().contains("big"));
}

#[test]
fn tensors_widen_and_refuse_other_shapes_and_types() {
    let dir = folder();
    let f16s: Vec<u8> = [0.5, 65504.0, 6e-8].iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect();
    save(
        &dir.path().join("model.safetensors"),
        &[
            ("a", Dtype::F16, &[3], &f16s),
            ("i", Dtype::I32, &[1], &[0; 4]),
            ("b", Dtype::BF16, &[2, 1], &[0x80, 0x3f, 0x20, 0xc0]),
        ],
    );
    let tensors = open(&dir).unwrap().tensors().unwrap();
    assert_eq!(tensors.names().collect::<Vec<_>>(), ["a", "b", "i"]);
    assert_eq!(tensors.f32("a", &[3]).unwrap(), [0.5, 65504.0, f16::from_f32(6e-8).to_f32()]);
    assert_eq!(tensors.f32("b", &[2, 1]).unwrap(), [1.0, -2.5]);
    assert!(matches!(tensors.f32("b", &[2]), Err(Error::TensorShape { .. })));
    assert!(matches!(tensors.f32("i", &[1]), Err(Error::TensorType { .. })));
    assert!(matches!(tensors.f32("c", &[1]), Err(Error::MissingTensor(name)) if name == "c"));
}

#[test]
fn shards_give_the_same_tensors_as_one_file() {
    let single = folder();
    let whole = open(&single).unwrap().tensors().unwrap();
    let sharded = folder();
    fs::remove_file(sharded.path().join("model.safetensors")).unwrap();
    let big: Vec<u8> = whole.f32("big", &[200, 100]).unwrap().iter().flat_map(|x| x.to_le_bytes()).collect();
    let half: Vec<u8> = [1.0, -2.5].iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes()).collect();
    save(&sharded.path().join("model-1.safetensors"), &[("big", Dtype::F32, &[200, 100], &big)]);
    save(&sharded.path().join("model-2.safetensors"), &[("half", Dtype::BF16, &[2], &half)]);
    let index = sharded.path().join("model.safetensors.index.json");
    let map = json!({ "big": "model-1.safetensors", "half": "model-2.safetensors" });
    write_json(&index, &json!({ "metadata": { "total_size": 80_004 }, "weight_map": map }));

    let checkpoint = open(&sharded).unwrap();
    let parts = checkpoint.tensors().unwrap();
    assert_eq!(parts.names().collect::<Vec<_>>(), whole.names().collect::<Vec<_>>());
    for (name, shape) in [("big", &[200, 100][..]), ("half", &[2])] {
        assert_eq!(parts.f32(name, shape).unwrap(), whole.f32(name, shape).unwrap());
    }
    let rewritten = json!({ "weight_map": map });
    write_json(&index, &rewritten);
    assert_ne!(open(&sharded).unwrap().id, checkpoint.id, "the index enters the id");

    for (shard, refused) in
        [("../secret.safetensors", true), ("/x.safetensors", true), ("model-3.safetensors", false)]
    {
        write_json(&index, &json!({ "weight_map": { "big": shard } }));
        let error = open(&sharded).unwrap().tensors().unwrap_err();
        assert_eq!(matches!(error, Error::ShardName(_)), refused, "{shard}: {error}");
    }
    write_json(&index, &json!({ "weight_map": { "absent": "model-1.safetensors" } }));
    assert!(matches!(open(&sharded).unwrap().tensors(), Err(Error::MissingTensor(_))));
}

#[test]
fn hostile_safetensors_are_refused_without_a_panic() {
    let dir = folder();
    let header =
        |json: &str, data: &[u8]| [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), data].concat();
    let cases: Vec<Vec<u8>> = vec![
        vec![],
        vec![1, 2, 3],
        u64::MAX.to_le_bytes().to_vec(),
        (1_u64 << 40).to_le_bytes().to_vec(),
        header("", &[]),
        header("[]", &[]),
        header("{\"a\":", &[]),
        header(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0; 4]),
        header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, &[0; 8]),
        header(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, &[0; 8]),
        header(r#"{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#, &[0; 8]),
        header(
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551615]}}"#,
            &[0; 4],
        ),
        header(r#"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, &[0; 4]),
    ];
    for (i, bytes) in cases.iter().enumerate() {
        fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
        let result = open(&dir).unwrap().tensors();
        assert!(matches!(result, Err(Error::Safetensors { .. } | Error::Io { .. })), "case {i}: {result:?}");
    }
}

#[test]
fn missing_and_broken_files_are_errors() {
    for file in ["config.json", "tokenizer.json"] {
        let dir = folder();
        fs::write(dir.path().join(file), "{").unwrap();
        assert!(matches!(open(&dir), Err(Error::Json { .. } | Error::Tokenizer(_))), "{file}");
        fs::remove_file(dir.path().join(file)).unwrap();
        assert!(matches!(open(&dir), Err(Error::Io { .. })), "{file}");
    }
    let dir = folder();
    fs::remove_file(dir.path().join("model.safetensors")).unwrap();
    assert!(matches!(open(&dir).unwrap().tensors(), Err(Error::Io { .. })));
    let dir = folder();
    fs::write(dir.path().join("config.json"), " ".repeat((1 << 20) + 1)).unwrap();
    assert!(matches!(open(&dir), Err(Error::TooLarge { .. })));
    let dir = folder();
    fs::create_dir(dir.path().join("x.safetensors")).unwrap();
    assert!(matches!(open(&dir), Err(Error::Io { .. })));
    assert!(matches!(Checkpoint::open(Path::new("/nowhere")), Err(Error::Io { .. })));
}

#[test]
fn a_tokenizer_that_outgrows_the_vocabulary_is_refused() {
    let dir = folder();
    let path = dir.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["vocab_size"] = json!(2);
    write_json(&path, &config);
    write_json(&dir.path().join("generation_config.json"), &json!({ "eos_token_id": 1 }));
    assert!(matches!(open(&dir), Err(Error::Config { field: "vocab_size", .. })));
}

#[test]
fn prompts_are_not_cut_and_specials_come_once() {
    let dir = folder();
    let tokenizer = open(&dir).unwrap().tokenizer;
    assert_eq!(
        tokenizer.encode("two one two").unwrap(),
        [2, 1, 0, 1],
        "the file's truncation to one token is off"
    );
    let hello = [json!({ "role": "user", "content": "two" })];
    assert_eq!(tokenizer.encode_chat(&hello).unwrap(), [2, 1]);
    let rendered = tokenizer.render_chat(&hello).unwrap();
    assert!(tokenizer.is_conversation(&hello, &rendered) && !tokenizer.is_conversation(&hello, "two"));
    assert_eq!(tokenizer.encode_rendered(&rendered).unwrap(), [2, 1], "as the conversation itself");
    assert_eq!(tokenizer.decode(&[2, 1, 0, 2, 77]).unwrap(), "two one");
    fs::remove_file(dir.path().join("chat_template.jinja")).unwrap();
    assert!(matches!(open(&dir).unwrap().tokenizer.render_chat(&hello), Err(Error::NoChatTemplate)));
}

#[test]
fn the_demo_model_opens_and_its_tokenizer_round_trips() {
    let current = Checkpoint::open(&demo_model("current")).unwrap();
    let previous = Checkpoint::open(&demo_model("previous")).unwrap();
    assert_ne!(current.id, previous.id);
    assert_eq!(current.config, previous.config);
    let config = &current.config;
    assert_eq!((config.architecture, config.max_position_embeddings), (Architecture::Qwen3, 512));
    assert!(
        config.tie_word_embeddings
            && config.head_dim.is_multiple_of(16)
            && config.hidden_size.is_multiple_of(16)
    );

    let ascii: String = (0..128_u8).map(char::from).collect();
    for text in [ascii.as_str(), "", "Grüße aus 東京 🦀", "Tom has 17 apples.\n17+25=42\n#### 42"] {
        let ids = current.tokenizer.encode(text).unwrap();
        assert!(
            ids.iter().all(|id| (*id as usize) < config.vocab_size && !config.eos_token_ids.contains(id))
        );
        assert_eq!(current.tokenizer.decode(&ids).unwrap(), text);
        let pieces = current.tokenizer.pieces(&ids).unwrap();
        assert_eq!((pieces.len(), pieces.concat().as_str()), (ids.len(), text));
    }
    // a character that is never finished, and more of them than anybody waits for: one piece for each token all the same
    let crab = current.tokenizer.encode("🦀").unwrap();
    assert!(crab.len() > 1 && current.tokenizer.pieces(&crab[..1]).unwrap() == [""]);
    let broken: Vec<u32> =
        std::iter::repeat_n(crab[0], 100).chain(current.tokenizer.encode("ab").unwrap()).collect();
    let pieces = current.tokenizer.pieces(&broken).unwrap();
    assert_eq!(pieces.len(), broken.len());
    assert!(pieces.concat().ends_with("ab"), "{pieces:?}");
    let ids = current.tokenizer.encode("a<eos>").unwrap();
    assert_eq!(ids.last(), config.eos_token_ids.first());
    let text = "Tom has 17 apples and buys 25 more. How many apples does Tom have?";
    let rendered = current.tokenizer.render_chat(&[json!({ "role": "user", "content": text })]).unwrap();
    assert_eq!(rendered, format!("{text}\n"));

    let tensors = current.tensors().unwrap();
    let embedding =
        tensors.f32("model.embed_tokens.weight", &[config.vocab_size, config.hidden_size]).unwrap();
    assert!(embedding.iter().all(|x| x.is_finite() && *x == bf16::from_f32(*x).to_f32()));
    let earlier = previous
        .tensors()
        .unwrap()
        .f32("model.embed_tokens.weight", &[config.vocab_size, config.hidden_size]);
    assert_ne!(embedding, earlier.unwrap());
}

#[test]
fn every_demo_prompt_is_the_template_of_its_words() {
    let current = Checkpoint::open(&demo_model("current")).unwrap();
    let prompts = fs::read_to_string(demo_model("prompts.jsonl")).unwrap();
    for line in prompts.lines() {
        let prompt: Value = serde_json::from_str(line).unwrap();
        let text = prompt["text"].as_str().unwrap();
        let message = json!({ "role": "user", "content": text.trim_end() });
        assert_eq!(current.tokenizer.render_chat(&[message]).unwrap(), text);
        assert!(prompt["reference"].as_str().unwrap().parse::<u32>().is_ok());
    }
    assert_eq!(prompts.lines().count(), 96);
}

/// Made by transformers itself (see the script beside them), in its old and new spellings.
#[test]
fn the_engines_parity_fixtures_open() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/fixtures");
    for (name, architecture, scaled, tied) in [
        ("qwen2", Architecture::Qwen2, false, true),
        ("qwen3", Architecture::Qwen3, false, true),
        ("llama", Architecture::Llama, false, false),
        ("llama_scaled_sharded", Architecture::Llama, true, false),
    ] {
        let checkpoint = Checkpoint::open(&fixtures.join(name)).unwrap();
        let (config, tensors) = (&checkpoint.config, checkpoint.tensors().unwrap());
        assert_eq!((config.architecture, config.rope_scaling.is_some()), (architecture, scaled), "{name}");
        assert_eq!((config.tie_word_embeddings, config.eos_token_ids.as_slice()), (tied, &[1][..]), "{name}");
        assert_eq!(tensors.contains("lm_head.weight"), !tied, "{name}");
        assert_eq!(tensors.contains("model.layers.0.self_attn.q_proj.bias"), config.attention_bias, "{name}");
        tensors.f32("model.norm.weight", &[config.hidden_size]).unwrap();
        assert_eq!(
            checkpoint.tokenizer.decode(&checkpoint.tokenizer.encode("17 + 25\n").unwrap()).unwrap(),
            "17 + 25\n"
        );
    }
}
