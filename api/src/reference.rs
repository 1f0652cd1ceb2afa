//! The document as one page for people: no script, nothing from elsewhere, whatever is in the document escaped.

use std::fmt::Write as _;

use serde_json::Value;

/// Of the page, and named by its hash in the policy that it is sent with.
pub(crate) const STYLE: &str = include_str!("reference.css");

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole page.
pub(crate) fn page(document: &Value) -> String {
    let title = escaped(document["info"]["title"].as_str().unwrap_or_default());
    let (mut menu, mut main) = (String::new(), String::new());
    for tag in document["tags"].as_array().into_iter().flatten() {
        section(document, tag, &mut menu, &mut main);
    }
    menu.push_str("<h2><a href=\"#errors\">Errors</a></h2><h2><a href=\"#schemas\">Schemas</a></h2>");
    main.push_str(&errors(&document["x-errors"]));
    main.push_str("<section id=\"schemas\"><h2>Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let name = escaped(name);
        let _ = write!(
            main,
            "<article class=\"schema\" id=\"schema-{name}\"><h3>{name}</h3>{}</article>",
            body(schema)
        );
    }
    main.push_str("</section>");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}: reference</title><style>{STYLE}</style></head>\
         <body><nav><h1>{title}</h1><p><a href=\"/openapi.json\">openapi.json</a></p>{menu}</nav>\
         <main><header>{}</header>{main}</main></body></html>\n",
        prose(&document["info"]["description"]),
    )
}

fn section(document: &Value, tag: &Value, menu: &mut String, main: &mut String) {
    let name = tag["name"].as_str().unwrap_or_default();
    let shown = escaped(name);
    let _ = write!(menu, "<h2><a href=\"#{shown}\">{shown}</a></h2><ul>");
    let _ = write!(main, "<section id=\"{shown}\"><h2>{shown}</h2>{}", prose(&tag["description"]));
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"].as_array().into_iter().flatten().any(|one| one == name) {
                let id = escaped(operation["operationId"].as_str().unwrap_or_default());
                let place = format!("<b class=\"{method}\">{method}</b> {}", escaped(path));
                let _ = write!(menu, "<li><a href=\"#{id}\">{place}</a></li>");
                let _ = write!(
                    main,
                    "<article id=\"{id}\"><h3>{place}</h3>{}</article>",
                    self::operation(document, operation)
                );
            }
        }
    }
    menu.push_str("</ul>");
    main.push_str("</section>");
}

fn operation(document: &Value, operation: &Value) -> String {
    let mut out = format!("{}{}", prose(&operation["summary"]), prose(&operation["description"]));
    let parameters: Vec<&Value> =
        operation["parameters"].as_array().into_iter().flatten().map(|one| followed(document, one)).collect();
    if !parameters.is_empty() {
        out.push_str("<h4>Parameters</h4><dl>");
        for parameter in parameters {
            let name = escaped(parameter["name"].as_str().unwrap_or_default());
            let place = escaped(parameter["in"].as_str().unwrap_or_default());
            let required = if parameter["required"] == true { ", required" } else { "" };
            let (kind, about) = (kind(&parameter["schema"]), prose(&parameter["description"]));
            let _ = write!(
                out,
                "<dt><code>{name}</code> <small>{place}, {kind}{required}</small></dt><dd>{about}</dd>"
            );
        }
        out.push_str("</dl>");
    }
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        out.push_str("<h4>Body</h4>");
        for (media_type, content) in content {
            let _ = write!(out, "<p><small>{}</small> {}</p>", escaped(media_type), kind(&content["schema"]));
        }
    }
    out.push_str("<h4>Answers</h4><dl>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let kinds = response["content"].as_object().into_iter().flatten();
        let kinds: Vec<String> = kinds
            .map(|(name, content)| format!("{} <small>{}</small>", kind(&content["schema"]), escaped(name)))
            .collect();
        let class = if status.starts_with('2') { "fine" } else { "other" };
        let _ = write!(
            out,
            "<dt><b class=\"{class}\">{}</b> {}</dt><dd>{}</dd>",
            escaped(status),
            kinds.join(", "),
            prose(&response["description"])
        );
    }
    out.push_str("</dl>");
    out
}

/// Every code of an error: what it means, and what to do.
fn errors(table: &Value) -> String {
    let mut out = "<section id=\"errors\"><h2>Errors</h2><dl>".to_owned();
    for row in table.as_array().into_iter().flatten() {
        let text = |name: &str| escaped(row[name].as_str().unwrap_or_default());
        let _ = write!(
            out,
            "<dt><b class=\"other\">{}</b> <code>{}</code> <small>retryable: {}</small></dt><dd>{}{}</dd>",
            text("status"),
            text("code"),
            text("retryable"),
            prose(&row["means"]),
            prose(&row["what_to_do"])
        );
    }
    out.push_str("</dl></section>");
    out
}

fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// What a schema says of its values: members, alternatives, bounds.
fn body(schema: &Value) -> String {
    let mut out = prose(&schema["description"]);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let _ = write!(
            out,
            "<p>All of {}</p>{}",
            kind(part),
            if part["$ref"].is_null() { body(part) } else { String::new() }
        );
    }
    let Some(members) = schema["properties"].as_object() else {
        let _ = write!(out, "<p>{}</p>", kind(schema));
        return out;
    };
    out.push_str("<dl>");
    for (name, member) in members {
        let required = schema["required"].as_array().into_iter().flatten().any(|one| one == name);
        let required = if required { ", required" } else { "" };
        let (shown, kind, about) = (escaped(name), kind(member), prose(&member["description"]));
        let _ = write!(out, "<dt><code>{shown}</code> <small>{kind}{required}</small></dt><dd>{about}</dd>");
    }
    out.push_str("</dl>");
    out
}

/// A schema in a few words, with a link where it has a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[word].as_array() {
            let joint = if word == "allOf" { " and " } else { " or " };
            return choices.iter().map(kind).collect::<Vec<_>>().join(joint);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let shown = |value: &Value| format!("<code>{}</code>", escaped(&value.to_string()));
        return values.iter().map(shown).collect::<Vec<_>>().join(", ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    let mut out = kinds
        .into_iter()
        .map(|name| match name {
            "array" => format!("list of {}", kind(&schema["items"])),
            name => escaped(name),
        })
        .collect::<Vec<_>>()
        .join(" or ");
    for word in [
        "format",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "default",
        "example",
    ] {
        if let Some(value) = schema.get(word) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = write!(out, " <i>{word} {}</i>", escaped(&text));
        }
    }
    out
}

/// Paragraphs, with `code` in back ticks.
fn prose(text: &Value) -> String {
    let paragraph = |text: &str| {
        let parts = text.split('`').enumerate();
        let marked = parts.map(|(index, part)| {
            let part = escaped(part);
            if index % 2 == 1 { format!("<code>{part}</code>") } else { part }
        });
        format!("<p>{}</p>", marked.collect::<String>())
    };
    let text = text.as_str().unwrap_or_default();
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(paragraph).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_the_document_becomes_markup() {
        let evil = "<script>alert('x')</script>\" onload=\"";
        let document = json!({
            "info": { "title": evil, "description": evil },
            "tags": [{ "name": evil, "description": evil }],
            "paths": { evil: { "get": { "tags": [evil], "operationId": evil, "summary": evil,
                "parameters": [{ "name": evil, "in": evil, "schema": { "type": evil, "default": evil, "enum": [evil] } }],
                "responses": { evil: { "description": evil } } } } },
            "x-errors": [{ "status": evil, "code": evil, "retryable": evil, "means": evil, "what_to_do": evil }],
            "components": { "schemas": { evil: { "description": evil, "properties": { evil: { "type": evil } } } } },
        });
        let page = page(&document);
        assert!(!page.contains("<script") && !page.contains("\" onload"), "{page}");
    }
}
