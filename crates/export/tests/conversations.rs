//! Prompts that were sent as messages: formats with conversations have them as they were sent, for a trainer that applies the
//! chat template itself; formats with text have what they were rendered to.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

mod records;

use export::{Compression, Filter, Format};
use protocol::Message;
use protocol::rollout::RolloutRecord;
use serde_json::{Value, json};

const RENDERED: &str = "<|system|>Be brief.<|user|>6 × 7 = ?<|assistant|>";

/// The golden rollouts, as if their prompt had been sent with a system message.
fn chat() -> Vec<RolloutRecord> {
    let message = |role: &str, content: &str| Message { role: role.to_owned(), content: content.to_owned() };
    let mut records = records::records();
    for record in &mut records {
        record.messages = Some(vec![message("system", "Be brief."), message("user", "6 × 7 = ?")]);
        record.prompt_text = Some(RENDERED.to_owned());
    }
    records
}

fn rows(format: Format, records: &[RolloutRecord]) -> Vec<Value> {
    let bytes = records::file(format, Compression::None, Filter::default(), records).1;
    str::from_utf8(&bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sent() -> Value {
    json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "6 × 7 = ?" }])
}

/// The whole file: nothing in it was rendered.
#[test]
fn sft_and_dpo_have_the_messages_and_the_answers() {
    let answered = |answer: &str| {
        let mut messages = sent();
        messages.as_array_mut().unwrap().push(json!({ "role": "assistant", "content": answer }));
        json!({ "messages": messages })
    };
    assert_eq!(rows(Format::Sft, &chat()), [answered("<42>"), answered("41")]);
    let said = |answer: &str| json!([{ "role": "assistant", "content": answer }]);
    let pair = json!({ "prompt": sent(), "chosen": said("<42>"), "rejected": said("41") });
    assert_eq!(rows(Format::Dpo, &chat()), [pair]);
}

#[test]
fn every_format_with_conversations_has_them_as_they_were_sent() {
    let records = chat();
    for (format, path) in [(Format::TrlAsync, "/prompt"), (Format::NemoGym, "/responses_create_params/input")]
    {
        assert_eq!(rows(format, &records)[0].pointer(path), Some(&sent()), "{format:?}");
    }
    let art = &rows(Format::Art, &records)[0]["trajectories"][0]["messages_and_choices"];
    assert_eq!(json!([art[0], art[1]]), sent());
    assert_eq!((&art[2]["message"]["content"], &art[3]), (&json!("<42>"), &Value::Null));
    // a node each, one after the other; the tokens are those of the whole prompt
    let trace = &rows(Format::PrimeRlTraces, &records)[0];
    let nodes = trace["nodes"].as_array().unwrap();
    let told: Vec<&Value> = nodes.iter().map(|node| &node["message"]["role"]).collect();
    assert_eq!(told, ["system", "user", "assistant"]);
    let parents: Vec<&Value> = nodes.iter().map(|node| &node["parent"]).collect();
    assert_eq!(json!(parents), json!([null, 0, 1]));
    let tokens: Vec<&Value> = nodes.iter().map(|node| &node["token_ids"]).collect();
    assert_eq!(json!(tokens), json!([[], [10, 11, 12], [50, 51, 2]]));
    assert_eq!(trace["calls"][0]["node"], 2);
}

#[test]
fn formats_with_text_have_what_the_messages_were_rendered_to() {
    for (format, path) in [
        (Format::Trl, "/prompt"),
        (Format::Openrlhf, "/prompts"),
        (Format::Slime, "/prompt"),
        (Format::VerlDump, "/input"),
    ] {
        let rows = rows(format, &chat());
        assert_eq!(rows[0].pointer(path), Some(&json!(RENDERED)), "{format:?}");
    }
}

/// Records of before messages were kept, and prompts that were sent as text.
#[test]
fn a_text_is_one_message_of_the_user() {
    let records = records::records();
    let text = records[0].prompt_text.clone().unwrap();
    let expected = json!([{ "role": "user", "content": text }]);
    assert_eq!(rows(Format::Dpo, &records)[0]["prompt"], expected);
    assert_eq!(rows(Format::NemoGym, &records)[0]["responses_create_params"]["input"], expected);
}

/// Prompts that were sent as tokens have no text: whoever asks for their rollouts asks by the group.
#[test]
fn rows_of_prompts_without_a_text_say_their_group() {
    let mut records = records::records();
    records[0].prompt_text = None;
    let group = json!(records[0].group_id.to_string());
    for format in [Format::Trl, Format::Openrlhf] {
        assert_eq!(rows(format, &records)[0]["group_id"], group, "{format:?}");
    }
}
