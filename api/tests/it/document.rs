//! What the document is worth to whoever makes a client of it: names, examples, and that one name means one thing.
//! That examples are what their schemas say, and that a generator takes the whole, is checked by `.ci/document`.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::zip;
use std::path::Path;
use std::sync::LazyLock;

use protocol::JobId;
use serde_json::{Value, json};

use crate::harness::Service;

/// What an operation does. A new word is a decision: clients have it in the names of their methods.
const VERBS: [&str; 23] = [
    "append",
    "archive",
    "cancel",
    "check",
    "close",
    "complete",
    "create",
    "delete",
    "list",
    "pause",
    "post",
    "redeliver",
    "refresh",
    "resume",
    "retrieve",
    "revoke",
    "rotate",
    "stream",
    "test",
    "update",
    "validate",
    "add",
    "remove",
];

fn document() -> Value {
    serde_json::from_str(&api::openapi::json()).unwrap()
}

/// An error at this path has a code that the document names there. What no route has is refused before one is looked at.
pub(crate) fn must_name(path: &str, status: u16, body: &str) {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(code) = problem["code"].as_str().filter(|_| status >= 400) else { return };
    if ["method_not_allowed", "uri_too_long", "bad_request"].contains(&code) {
        return;
    }
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && zip(template, path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let items: Vec<&Value> = paths.iter().filter(|(path, _)| fits(path)).map(|(_, item)| item).collect();
    let operations = items.iter().flat_map(|item| item.as_object().unwrap().values());
    let errors = operations.map(|operation| &operation["responses"][status.to_string()]["x-error-codes"]);
    let is_named = errors.filter_map(Value::as_array).flatten().any(|named| named == code);
    assert!(
        items.is_empty() || is_named,
        "{path} has no {status} `{code}`: api/src/error/routes.rs lacks it"
    );
}

/// Every object of a value, with its JSON pointer.
fn objects<'a>(value: &'a Value, pointer: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            found.push((pointer.to_owned(), value));
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                objects(member, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_body_has_an_example() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten()
            {
                assert!(!content["example"].is_null(), "{method} {path} {media_type}");
            }
        }
    }
}

#[tokio::test]
async fn operations_have_names_that_methods_can_have() {
    let is_snake = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let document = document();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(is_snake(id) && id.len() <= 32, "{id}");
            let verb = id.split('_').next().unwrap();
            assert!(
                VERBS.contains(&verb),
                "{id}: `retrieve_` for one, `list_` for many, or another of {VERBS:?}"
            );
            assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn lists_refer_to_what_is_in_them() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut lists = 0;
    for (name, schema) in schemas {
        assert!(!name.contains('_') && !name.ends_with("View") && !name.ends_with("Schema"), "{name}");
        let Some(item) = name.strip_suffix("List") else { continue };
        lists += 1;
        assert!(schemas.contains_key(item), "{name}");
        let items = &schema["properties"]["data"]["items"];
        assert_eq!(*items, json!({ "$ref": format!("#/components/schemas/{item}") }), "{name}");
    }
    assert!(lists > 10);
    // what has members has a name: it stands among the components, or is a part of one that does
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    for (pointer, value) in found {
        if value["properties"].is_object() && value["type"] == "object" && !pointer.contains("/example") {
            let rest = pointer.strip_prefix("/components/schemas/").unwrap_or("an/inline/schema");
            let is_named = !rest.contains('/') || rest.split('/').nth(1) == Some("allOf");
            assert!(is_named, "{pointer} has no name");
        }
    }
}

/// What is told of a job's progress is written by the store, and its schema by hand.
#[tokio::test]
async fn progress_has_the_members_that_are_documented() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job: JobId = service.job(&customer, 1).await.parse().unwrap();
    let tally = store::job_tally::read(&mut service.db.acquire().await.unwrap(), job).await.unwrap();
    let counts = tally.unwrap().counts();
    let document = document();
    for (part, schema) in [("groups", "ProgressGroups"), ("rollouts", "ProgressRollouts")] {
        let documented = &document["components"]["schemas"][schema]["properties"];
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&counts[part]), names(documented), "{part}");
    }
}

#[tokio::test]
async fn a_file_is_not_uploaded_for_what_the_service_writes() {
    let document = document();
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    assert!(schema("FilePurpose")["enum"].as_array().unwrap().contains(&json!("batch_output")));
    for form in ["FileForm", "CreateUpload"] {
        let purpose = &schema(form)["properties"]["purpose"]["$ref"];
        let name = purpose.as_str().unwrap().rsplit('/').next().unwrap();
        let words = schema(name)["enum"].clone();
        assert_eq!(words, json!(["job_input", "reward_function", "batch", "verification"]), "{form}");
    }
}

/// The name that a type has in the document: the last `as` of its attributes, or its own.
fn names(source: &str, found: &mut BTreeMap<String, usize>) {
    let lines: Vec<&str> = source.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut name = None;
        for line in &lines[at..] {
            if let Some((_, rest)) = line.trim().split_once("(as = ") {
                name = rest.split([',', ')']).next().map(str::to_owned);
            }
            let Some(own) = line.split_once("struct ").or_else(|| line.split_once("enum ")) else { continue };
            if line.starts_with("//") || line.starts_with('#') {
                continue;
            }
            let own = own.1.split([' ', '<', '(', ';']).next().unwrap().to_owned();
            *found.entry(name.unwrap_or(own)).or_default() += 1;
            break;
        }
    }
}

fn walk(folder: &Path, found: &mut BTreeMap<String, usize>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            names(&std::fs::read_to_string(&path).unwrap(), found);
        }
    }
}

/// utoipa takes the last of two schemas of one name and says nothing.
#[tokio::test]
async fn no_two_types_have_one_name() {
    let mut found = BTreeMap::new();
    for of in ["src", "../crates/intake/src"] {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(of), &mut found);
    }
    let twice: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "give one of them another name with `#[schema(as = ...)]`: {twice:?}");
    // nothing that is in the document was passed over
    for name in document()["components"]["schemas"].as_object().unwrap().keys() {
        let known = found.contains_key(name)
            || name.strip_suffix("List").is_some_and(|item| found.contains_key(item));
        assert!(known, "{name}");
    }

    let mut one = BTreeMap::new();
    names("#[derive(ToSchema)]\n#[schema(as = A)]\nstruct B {}\n#[derive(ToSchema)]\nenum A {}\n", &mut one);
    assert_eq!(one, BTreeMap::from([("A".to_owned(), 2)]));
}
