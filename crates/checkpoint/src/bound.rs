//! How many tokens a text can have at most, told from its length alone. Only for byte-level tokenizers, whose every token
//! stands for a byte of the text or more; of all others nothing is claimed.

use serde::Deserialize;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

/// NFC makes no UTF-8 text more than three times as long (Unicode Standard Annex #15, "Expansion factors").
const NFC_GROWTH: usize = 3;

/// Tokens for each byte of a text, and those that are put around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    per_byte: usize,
    around: usize,
}

impl Bound {
    /// Reads it off `tokenizer.json`, of which this is the tokenizer.
    pub(crate) fn of(json: &[u8], tokenizer: &tokenizers::Tokenizer) -> Option<Self> {
        let layout: Layout = serde_json::from_slice(json).ok()?;
        let every_byte_has_a_token =
            ByteLevel::alphabet().into_iter().all(|byte| tokenizer.token_to_id(&byte.to_string()).is_some());
        if layout.model.kind != "BPE" || !every_byte_has_a_token {
            return None;
        }
        let normalized = layout.normalizer.map_or(Some(1), |part| part.growth_of_normalizer())?;
        let (split, is_byte_level) = layout.pre_tokenizer?.growth_of_pre_tokenizer()?;
        let around = tokenizer.encode_fast("", true).ok()?.len();
        is_byte_level.then_some(Self { per_byte: normalized * split, around })
    }

    pub(crate) fn tokens(self, bytes: usize) -> usize {
        bytes.saturating_mul(self.per_byte).saturating_add(self.around)
    }
}

/// As much of `tokenizer.json` as the bound depends on.
#[derive(Deserialize)]
struct Layout {
    normalizer: Option<Part>,
    pre_tokenizer: Option<Part>,
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    normalizers: Vec<Self>,
    #[serde(default)]
    pretokenizers: Vec<Self>,
    #[serde(default)]
    add_prefix_space: bool,
    behavior: Option<String>,
}

impl Part {
    fn growth_of_normalizer(&self) -> Option<usize> {
        match self.kind.as_str() {
            "NFC" => Some(NFC_GROWTH),
            "Sequence" => self.normalizers.iter().map(Self::growth_of_normalizer).product(),
            _ => None,
        }
    }

    /// And whether bytes are what comes out.
    fn growth_of_pre_tokenizer(&self) -> Option<(usize, bool)> {
        match self.kind.as_str() {
            // every piece may get a space in front, and has a byte at least
            "ByteLevel" => Some((1 + usize::from(self.add_prefix_space), true)),
            "Digits" => Some((1, false)),
            // a text of nothing but what is removed would have no token at all
            "Split" if self.behavior.as_deref() != Some("Removed") => Some((1, false)),
            "Sequence" => self.pretokenizers.iter().try_fold((1, false), |(growth, is_byte_level), part| {
                let (more, bytes) = part.growth_of_pre_tokenizer()?;
                Some((growth * more, is_byte_level || bytes))
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use tokenizers::Tokenizer;

    use super::*;

    /// A byte-level tokenizer of nothing but bytes: as many tokens as a text can have.
    fn bytes_only(normalizer: &Value, pre_tokenizer: &Value, post_processor: &Value) -> (Vec<u8>, Tokenizer) {
        let mut alphabet: Vec<char> = ByteLevel::alphabet().into_iter().collect();
        alphabet.sort_unstable();
        let vocab: BTreeMap<String, usize> =
            alphabet.iter().enumerate().map(|(id, byte)| (byte.to_string(), id)).collect();
        let json = json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": [{ "id": 256, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true }],
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
            "decoder": null,
            "model": { "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": [] }
        });
        let json = serde_json::to_vec(&json).unwrap();
        let tokenizer = Tokenizer::from_bytes(&json).unwrap();
        (json, tokenizer)
    }

    fn byte_level(add_prefix_space: bool) -> Value {
        json!({ "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": true })
    }

    #[test]
    fn no_text_has_more_tokens_than_the_bound() {
        let digits = json!({ "type": "Digits", "individual_digits": true });
        let bos = json!({ "type": "TemplateProcessing",
            "single": [{ "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
            "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } }],
            "special_tokens": { "<s>": { "id": "<s>", "ids": [256], "tokens": ["<s>"] } } });
        let nfc = json!({ "type": "NFC" });
        let sequence =
            |space| json!({ "type": "Sequence", "pretokenizers": [digits.clone(), byte_level(space)] });
        let cases = [
            (Value::Null, byte_level(false), Value::Null, Bound { per_byte: 1, around: 0 }),
            (nfc.clone(), byte_level(false), bos.clone(), Bound { per_byte: 3, around: 1 }),
            (Value::Null, sequence(true), bos, Bound { per_byte: 2, around: 1 }),
        ];
        // U+1D160 is the worst that there is for NFC: four bytes become twelve
        let texts = ["a", "7", "1234567", " ", "\n\n", "é\u{1d160}\u{1d160}", "a1b2c3", "<s><s>", "日本"];
        for (normalizer, pre_tokenizer, post_processor, expected) in cases {
            let (json, tokenizer) = bytes_only(&normalizer, &pre_tokenizer, &post_processor);
            let bound = Bound::of(&json, &tokenizer).unwrap();
            assert_eq!(bound, expected);
            for text in texts {
                let tokens = tokenizer.encode_fast(text, true).unwrap().len();
                assert!((1..=bound.tokens(text.len())).contains(&tokens), "{text}: {tokens}");
            }
        }
        // the bound is reached: it is no looser than it must be
        let (json, tokenizer) = bytes_only(&Value::Null, &sequence(true), &Value::Null);
        let bound = Bound::of(&json, &tokenizer).unwrap();
        assert_eq!(tokenizer.encode_fast("123", true).unwrap().len(), bound.tokens(3));
        let (json, tokenizer) = bytes_only(&nfc, &byte_level(false), &Value::Null);
        let bound = Bound::of(&json, &tokenizer).unwrap();
        assert_eq!(tokenizer.encode_fast("\u{1d160}", true).unwrap().len(), bound.tokens(4));
    }

    #[test]
    fn nothing_is_claimed_of_other_tokenizers() {
        let split = |behavior| json!({ "type": "Split", "pattern": { "String": " " }, "behavior": behavior, "invert": false });
        let bound = |normalizer: Value, pre_tokenizer: Value| {
            let (json, tokenizer) = bytes_only(&normalizer, &pre_tokenizer, &Value::Null);
            Bound::of(&json, &tokenizer)
        };
        let beside = |part| json!({ "type": "Sequence", "pretokenizers": [part, byte_level(false)] });
        assert!(bound(Value::Null, beside(split("Isolated"))).is_some());
        assert!(bound(Value::Null, beside(split("Removed"))).is_none(), "a text of spaces has no tokens");
        assert!(
            bound(json!({ "type": "NFKC" }), byte_level(false)).is_none(),
            "it grows without a known end"
        );
        assert!(
            bound(Value::Null, json!({ "type": "Digits", "individual_digits": true })).is_none(),
            "no bytes"
        );
        assert!(bound(Value::Null, Value::Null).is_none());
    }
}
