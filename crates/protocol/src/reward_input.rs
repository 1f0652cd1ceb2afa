//! What a reward function is given beside the rollout: the prompt's metadata, with the job's arguments in it.
//!
//! One place, since the service, the edge and the offline verifier must agree to the byte. All of it is text: a
//! function sees what was posted, spaces included.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The metadata that a function sees.
///
/// Without `args` it is the prompt's own, byte for byte. With them it is the prompt's with one member `args` put last,
/// unless the prompt has one: its own wins. Both must be the texts of JSON objects, which the edge has seen to; where
/// the metadata is none, it stays as it is.
pub fn metadata(prompt: &str, args: Option<&str>) -> String {
    let spliced = || {
        let args = args?;
        let Members { args: None } = serde_json::from_str(prompt).ok()? else { return None };
        let open = prompt.trim_end().strip_suffix('}')?;
        let is_empty = open.trim() == "{";
        let comma = if is_empty { "" } else { "," };
        Some(format!("{open}{comma}\"args\":{args}}}"))
    };
    spliced().unwrap_or_else(|| prompt.to_owned())
}

/// The arguments of the module `builtins` for one built-in reward, `args` as it was posted.
pub fn single(name: &str, args: Option<&str>) -> String {
    let name = serde_json::Value::from(name);
    match args {
        Some(args) => format!(r#"{{"parts":[{{"name":{name},"args":{args}}}]}}"#),
        None => format!(r#"{{"parts":[{{"name":{name}}}]}}"#),
    }
}

/// The arguments of the module `builtins` for several built-in rewards: `parts`, a list, as it was posted.
pub fn composed(parts: &str) -> String {
    format!(r#"{{"parts":{parts}}}"#)
}

/// What matters of an object: whether it has arguments of its own, however their name is escaped.
#[derive(Deserialize)]
struct Members {
    #[serde(default, deserialize_with = "present")]
    args: Option<IgnoredAny>,
}

/// A `null` is there, too.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<IgnoredAny>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn without_arguments_nothing_changes() {
        for text in ["{}", "{ \"a\" : 1.50 }\n", "not json", ""] {
            assert_eq!(metadata(text, None), text);
        }
    }

    #[test]
    fn arguments_are_put_last_and_leave_the_rest_as_it_was() {
        let args = Some("{ \"tolerance\": 1e-3 }");
        for (prompt, seen) in [
            ("{}", r#"{"args":{ "tolerance": 1e-3 }}"#),
            ("{ \n}", "{ \n\"args\":{ \"tolerance\": 1e-3 }}"),
            (r#"{"b": 1.50 } "#, r#"{"b": 1.50 ,"args":{ "tolerance": 1e-3 }}"#),
            (r#"{"inner":{"args":1}}"#, r#"{"inner":{"args":1},"args":{ "tolerance": 1e-3 }}"#),
        ] {
            assert_eq!(metadata(prompt, args), seen);
        }
    }

    #[test]
    fn a_prompt_s_own_arguments_win_and_what_is_no_object_stays() {
        for text in [
            r#"{"args":{"a":1}}"#,
            r#"{"args":null}"#,
            r#"{"\u0061rgs":2}"#,
            r#"{"args":1,"args":2}"#,
            "[]",
            "{",
            "",
        ] {
            assert_eq!(metadata(text, Some("{}")), text);
        }
    }

    #[test]
    fn both_spellings_of_built_in_rewards() {
        let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        assert_eq!(single("numeric", None), r#"{"parts":[{"name":"numeric"}]}"#);
        let args = Some(r#"{"tolerance": 0.5}"#);
        assert_eq!(single("numeric", args), r#"{"parts":[{"name":"numeric","args":{"tolerance": 0.5}}]}"#);
        assert_eq!(read(single("a\"b", None)), json!({ "parts": [{ "name": "a\"b" }] }));
        assert_eq!(composed("[ 1]"), r#"{"parts":[ 1]}"#);
    }

    fn object() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from)
        ];
        let value =
            leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::from));
        prop::collection::btree_map("[a-c]|args", value, 0..4).prop_map(|map| json!(map))
    }

    proptest! {
        #[test]
        fn it_reads_as_the_prompt_s_with_one_member_more(prompt in object(), args in object(), pretty: bool) {
            let text = if pretty { format!("{prompt:#}\n") } else { prompt.to_string() };
            let seen: Value = serde_json::from_str(&metadata(&text, Some(&args.to_string()))).unwrap();
            let mut expected = prompt;
            expected.as_object_mut().unwrap().entry("args").or_insert(args);
            prop_assert_eq!(seen, expected);
        }
    }
}
