//! What holds for the schemas of the document and is written by no type: lists are named after what is in them and refer
//! to it, `object` is one word, bytes are bytes, and what a body may look like stands where it is sent. No schema is
//! made here.

use serde_json::{Map, Value, json};

/// How utoipa begins the name of `List<T>`; the name of `T` follows.
const LIST: &str = "List_";
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// Completes the schemas of a document, and what refers to them.
pub(crate) fn complete(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    name_lists(schemas);
    for (_, schema) in schemas.iter_mut() {
        one_word(schema);
    }
    rename_references(document);
    let mut schemas = document["components"]["schemas"].take();
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(body) = operation.get_mut("requestBody") {
                may_be_left_out(body);
                nothing_is_null(body, &mut schemas);
                show_example(body, &schemas);
            }
            for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                binary(response);
            }
        }
    }
    document["components"]["schemas"] = schemas;
}

/// The name of a list, for utoipa's name of it.
fn list_name(name: &str) -> Option<String> {
    name.strip_prefix(LIST).map(|item| format!("{item}List"))
}

/// `List_Job` becomes `JobList`, and what is in it is said once, in `Job`.
fn name_lists(schemas: &mut Map<String, Value>) {
    let lists: Vec<String> = schemas.keys().filter(|name| name.starts_with(LIST)).cloned().collect();
    for old in lists {
        let (Some(mut list), Some(name)) = (schemas.remove(&old), list_name(&old)) else { continue };
        let item = &old[LIST.len()..];
        if schemas.contains_key(item) {
            list["properties"]["data"]["items"] = json!({ "$ref": format!("{SCHEMAS}{item}") });
        }
        schemas.insert(name, list);
    }
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let renamed = member.as_str().filter(|_| name == "$ref");
                match renamed.and_then(|text| text.strip_prefix(SCHEMAS)).and_then(list_name) {
                    Some(renamed) => *member = format!("{SCHEMAS}{renamed}").into(),
                    None => rename_references(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(rename_references),
        _ => {}
    }
}

/// The `object` of a resource is always the same: its example is all that it can be.
fn one_word(schema: &mut Value) {
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        one_word(part);
    }
    let Some(object) = schema.pointer_mut("/properties/object").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(word) = object.remove("example") {
        object.insert("const".to_owned(), word);
    }
}

/// `Option<T>` as a body: it can be left out, but is never null.
fn may_be_left_out(body: &mut Value) {
    for (_, content) in body["content"].as_object_mut().into_iter().flatten() {
        let choices = content["schema"]["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
        let [given] = choices.iter().filter(|one| one["type"] != "null").collect::<Vec<_>>()[..] else {
            continue;
        };
        content["schema"] = given.clone();
    }
}

/// A part of a form is there or not; it has no way to be null.
fn nothing_is_null(body: &Value, schemas: &mut Value) {
    let form = body["content"]["multipart/form-data"]["schema"]["$ref"].as_str();
    let Some(name) = form.and_then(|reference| reference.strip_prefix(SCHEMAS)) else { return };
    for (_, part) in schemas[name]["properties"].as_object_mut().into_iter().flatten() {
        let Some(kinds) = part.get("type").and_then(Value::as_array) else { continue };
        if let [kind] = kinds.iter().filter(|kind| **kind != "null").collect::<Vec<_>>()[..] {
            part["type"] = kind.clone();
        }
    }
}

/// The example of the type that a body is of, beside the body.
fn show_example(body: &mut Value, schemas: &Value) {
    let example_of = |schema: &Value| {
        let name = schema["$ref"].as_str()?.strip_prefix(SCHEMAS)?;
        schemas[name].get("example").cloned()
    };
    for (_, content) in body["content"].as_object_mut().into_iter().flatten() {
        let schema = &content["schema"];
        let example = example_of(schema).or_else(|| example_of(&schema["items"]).map(|one| json!([one])));
        if let Some(example) = example.filter(|_| content.get("example").is_none()) {
            content["example"] = example;
        }
    }
}

/// What is neither text nor JSON is bytes.
fn binary(response: &mut Value) {
    let content = response.get_mut("content").and_then(Value::as_object_mut);
    for (media_type, content) in content.into_iter().flatten() {
        if media_type.starts_with("application/octet-stream") || media_type.starts_with("application/vnd.") {
            content["schema"] = json!({ "type": "string", "format": "binary" });
        }
    }
}
