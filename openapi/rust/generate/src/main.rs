//! Writes `src/generated` from `openapi/openapi.json`: types by typify, words that may get more, and which routes take a key.
//!
//! `cargo run --manifest-path openapi/rust/generate/Cargo.toml` writes; with `-- --check` it fails when what is committed is not what
//! the document gives. Limits are left out: the service checks what it is sent, and tells all that is wrong with it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use schemars::schema::Schema;
use serde_json::{Map, Value};
use typify::{TypeSpace, TypeSpaceSettings};

const SCHEMAS: &str = "#/components/schemas/";

/// What is called by its own name here, whatever the document calls it: (name, path, method, part).
const NAMES: &[(&str, &str, &str, Part)] = &[
    ("Balance", "/v1/balance", "get", Part::Answer),
    ("Budget", "/v1/budgets/{scope}", "get", Part::Answer),
    ("Checkpoint", "/v1/checkpoints/current", "get", Part::Answer),
    ("CreateExport", "/v1/jobs/{id}/exports", "post", Part::Body),
    ("CreateJob", "/v1/jobs", "post", Part::Body),
    ("Event", "/v1/events/{id}", "get", Part::Answer),
    ("Export", "/v1/exports/{id}", "get", Part::Answer),
    ("File", "/v1/files/{id}", "get", Part::Answer),
    ("Group", "/v1/groups/{id}", "get", Part::Answer),
    ("GroupRewards", "/v1/groups/{id}/rewards", "post", Part::Answer),
    ("Invoice", "/v1/invoices/{id}", "get", Part::Answer),
    ("Job", "/v1/jobs/{id}", "get", Part::Answer),
    ("JobMetrics", "/v1/jobs/{id}/metrics", "get", Part::Answer),
    ("PatchJob", "/v1/jobs/{id}", "patch", Part::Body),
    ("Prices", "/v1/prices", "get", Part::Answer),
    ("Quote", "/v1/quotes/{id}", "get", Part::Answer),
    ("RewardFunction", "/v1/reward_functions/{id}", "get", Part::Answer),
    ("RewardVersion", "/v1/reward_functions/{id}/versions/{version}", "get", Part::Answer),
    ("Rollout", "/v1/rollouts/{id}", "get", Part::Answer),
    ("Status", "/v1/status", "get", Part::Answer),
    ("StreamToken", "/v1/stream_tokens", "post", Part::Answer),
    ("UpdateBudget", "/v1/budgets/{scope}", "put", Part::Body),
    ("Upload", "/v1/uploads/{id}", "get", Part::Answer),
    ("UploadPart", "/v1/uploads/{id}/parts", "post", Part::Answer),
    ("Usage", "/v1/usage", "get", Part::Answer),
    ("Verification", "/v1/verifications/{id}", "get", Part::Answer),
    ("WebhookDelivery", "/v1/webhook_deliveries/{id}/redeliver", "post", Part::Answer),
    ("WebhookEndpoint", "/v1/webhook_endpoints/{id}", "get", Part::Answer),
    ("WebhookSecret", "/v1/webhook_endpoints/{id}/secret", "get", Part::Answer),
];

/// Items of lists that are nowhere else, by the document's names.
const ITEMS: &[&str] = &["GroupSummary", "UndeliveredRollout"];

#[derive(Clone, Copy)]
enum Part {
    Answer,
    Body,
}

/// What JSON Schema has and Rust's types do not need.
const DROPPED: &[&str] = &[
    "additionalProperties",
    "default",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "pattern",
    "propertyNames",
    "uniqueItems",
];

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document: Value = serde_json::from_slice(&std::fs::read(folder.join("../openapi.json"))?)?;
    let is_check = std::env::args().any(|argument| argument == "--check");
    for (name, text) in generated(document)? {
        let path = folder.join("src/generated").join(name);
        if !is_check {
            std::fs::write(path, text)?;
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            bail!(
                "{} is out of date: cargo run --manifest-path openapi/rust/generate/Cargo.toml",
                path.display()
            );
        }
    }
    Ok(())
}

fn generated(mut document: Value) -> anyhow::Result<[(&'static str, String); 3]> {
    rename(&mut document)?;
    let version = document["components"]["parameters"]["Reliquary-Version"]["schema"]["enum"].as_array();
    let version = version.and_then(|dates| dates.last()?.as_str()).context("a dated version")?.to_owned();
    let all = document["components"]["schemas"].as_object().context("schemas")?;
    let mut needed = BTreeSet::new();
    let names = NAMES.iter().map(|(name, ..)| name).chain(ITEMS);
    names.into_iter().try_for_each(|name| need(all, name, &mut needed))?;
    let mut settings = TypeSpaceSettings::default();
    settings.with_derive("PartialEq".to_owned());
    let mut words = String::from("words! {\n");
    let mut schemas: BTreeMap<&str, Schema> = BTreeMap::new();
    for name in &needed {
        let mut schema = all[*name].clone();
        if let Some(text) = word_enum(name, &schema) {
            words += &text;
            settings.with_replacement(name, format!("crate::words::{name}"), std::iter::empty());
            continue;
        }
        simplify(&mut schema);
        let schema = serde_json::from_value(schema).with_context(|| format!("{name} as a schema"))?;
        schemas.insert(name, schema);
    }
    words += "}\n";
    // words are referred to, too
    for name in needed.iter().filter(|name| word_enum(name, &all[**name]).is_some()) {
        schemas.insert(name, serde_json::from_value(serde_json::json!({ "type": "string" }))?);
    }
    let mut space = TypeSpace::new(&settings);
    space.add_ref_types(schemas)?;
    let types = formatted(&format!(
        "/// The dated version of the service's answers that these are the types of.\npub const VERSION: &str = {version:?};\n{}",
        space.to_stream()
    ))?;
    let heading = "// Generated from openapi/openapi.json by generate/src/main.rs: do not edit.\n\n";
    let routes = routes(&document)?;
    Ok([("types.rs", types), ("words.rs", words), ("routes.rs", routes)]
        .map(|(name, text)| (name, format!("{heading}{text}"))))
}

/// The paths of the POSTs that the document has an `Idempotency-Key` for.
fn routes(document: &Value) -> anyhow::Result<String> {
    let takes_key = |post: &Value| {
        let parameters = post["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
    };
    let mut text = String::from("/// The POSTs that take an `Idempotency-Key`.\n");
    text += "pub(crate) const KEYED: &[&str] = &[\n";
    for (path, operations) in document["paths"].as_object().context("paths")? {
        if takes_key(&operations["post"]) {
            let _ = writeln!(text, "    {path:?},"); // a String takes all
        }
    }
    text += "];\n";
    Ok(text)
}

/// Gives the schemas of `NAMES` those names.
fn rename(document: &mut Value) -> anyhow::Result<()> {
    let mut names = BTreeMap::new();
    for (name, path, method, part) in NAMES {
        let operation = &document["paths"][path][method];
        let success =
            ["200", "201", "202"].into_iter().find(|status| operation["responses"].get(status).is_some());
        let holder = match part {
            Part::Body => &operation["requestBody"],
            Part::Answer => &operation["responses"][success.with_context(|| format!("{method} {path}"))?],
        };
        let reference = holder["content"]["application/json"]["schema"]["$ref"].as_str();
        let from = reference.and_then(|text| text.strip_prefix(SCHEMAS));
        names.insert(from.with_context(|| format!("a schema of {method} {path}"))?.to_owned(), *name);
    }
    let schemas = document["components"]["schemas"].as_object_mut().context("schemas")?;
    for (from, to) in &names {
        let schema = schemas.remove(from).with_context(|| format!("no schema {from}"))?;
        ensure!(!schemas.contains_key(*to), "{to} is another schema already");
        schemas.insert((*to).to_owned(), schema);
    }
    visit(document, &mut |object| {
        if let Some(Value::String(reference)) = object.get_mut("$ref")
            && let Some(name) = reference.strip_prefix(SCHEMAS).and_then(|name| names.get(name))
        {
            *reference = format!("{SCHEMAS}{name}");
        }
    });
    Ok(())
}

fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| visit(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| visit(value, change)),
        _ => {}
    }
}

/// A schema and all that it refers to.
fn need<'a>(all: &'a Map<String, Value>, name: &str, needed: &mut BTreeSet<&'a str>) -> anyhow::Result<()> {
    let (name, schema) = all.get_key_value(name).with_context(|| format!("no schema {name}"))?;
    if needed.insert(name) {
        let mut references = Vec::new();
        visit(&mut schema.clone(), &mut |object| {
            references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
        });
        for reference in references {
            need(all, reference.trim_start_matches(SCHEMAS), needed)?;
        }
    }
    Ok(())
}

/// An entry of the macro `words!`, for a schema that is a choice of words.
fn word_enum(name: &str, schema: &Value) -> Option<String> {
    let words: Vec<&str> = schema["enum"].as_array()?.iter().filter_map(Value::as_str).collect();
    let mut text = String::new();
    for line in schema["description"].as_str().unwrap_or_default().lines() {
        let _ = writeln!(text, "    /// {line}"); // a String takes all
    }
    let _ = writeln!(text, "    {name} {{");
    for word in words {
        let variant: String = word.split(['_', '.', '-']).map(capitalised).collect();
        let _ = writeln!(text, "        {variant} = {word:?},");
    }
    text += "    }\n";
    Some(text)
}

fn capitalised(part: &str) -> String {
    let mut letters = part.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What typify reads: JSON Schema as it was before 3.1, without limits.
fn simplify(schema: &mut Value) {
    let mut plain = |object: &mut Map<String, Value>| {
        let is_map = object.get("additionalProperties").is_some_and(Value::is_object);
        for key in DROPPED {
            if *key != "additionalProperties" || !is_map {
                object.remove(*key);
            }
        }
        if let Some(Value::String(reference)) = object.get("$ref") {
            let local = reference.replace(SCHEMAS, "#/definitions/");
            *object = Map::from_iter([("$ref".to_owned(), Value::String(local))]);
        }
        if object.get("enum").is_some() {
            object.remove("enum"); // words without a name of their own
        }
        let format = object.get("format").and_then(Value::as_str).unwrap_or_default();
        if !["int32", "int64", "float", "double", "date-time"].contains(&format) {
            object.remove("format");
        }
    };
    each_schema(schema, &mut plain);
}

/// Schemas and not the maps of their members.
fn each_schema(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = value else { return };
    change(object);
    for (key, value) in object {
        match (key.as_str(), value) {
            ("properties", Value::Object(members)) => {
                members.values_mut().for_each(|member| each_schema(member, change));
            }
            ("oneOf" | "allOf" | "anyOf", Value::Array(items)) => {
                items.iter_mut().for_each(|item| each_schema(item, change));
            }
            ("items" | "additionalProperties", value) => each_schema(value, change),
            _ => {}
        }
    }
}

/// As `cargo fmt` writes it.
fn formatted(text: &str) -> anyhow::Result<String> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut rustfmt = Command::new("rustfmt");
    rustfmt
        .args(["--edition", "2024", "--config-path"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = rustfmt.spawn().context("rustfmt")?;
    let mut input = child.stdin.take().context("rustfmt's input")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    ensure!(writer.join().is_ok_and(|written| written.is_ok()) && output.status.success(), "rustfmt failed");
    Ok(String::from_utf8(output.stdout)?)
}
