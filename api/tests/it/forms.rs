//! Forms that are wrong: each fault is named with its part, and nothing is stored.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::harness::{Answer, Service, module_form};
use crate::rewards::{faults, function, last_number, sample, versions};

struct Case {
    name: &'static str,
    form: Form,
    status: u16,
    code: &'static str,
    /// Pointer and code of each fault.
    faults: &'static [(&'static str, &'static str)],
}

fn case(
    name: &'static str,
    form: Form,
    (status, code): (u16, &'static str),
    faults: &'static [(&'static str, &'static str)],
) -> Case {
    Case { name, form, status, code, faults }
}

const INVALID: (u16, &str) = (422, "validation_failed");
const TOO_LARGE: (u16, &str) = (413, "payload_too_large");

fn of_texts() -> Vec<Case> {
    let module = || module_form(last_number());
    vec![
        case("no module", Form::new().text("wasi", "none"), INVALID, &[("#/module", "required")]),
        case(
            "an unknown part",
            module().text("modul", "x"),
            (400, "unknown_parameter"),
            &[("#/modul", "unknown_parameter")],
        ),
        case(
            "a part twice",
            module().text("wasi", "none").text("wasi", "none"),
            INVALID,
            &[("#/wasi", "duplicate_part")],
        ),
        case(
            "an unknown profile and a bad address",
            module().text("wasi", "all").text("source_url", "javascript:x"),
            INVALID,
            &[("#/wasi", "unsupported_value"), ("#/source_url", "invalid_url")],
        ),
        case(
            "a text that is none",
            module().part("description", Part::bytes(vec![0xff])),
            INVALID,
            &[("#/description", "not_utf8")],
        ),
        case(
            "a text that cannot be stored",
            module().text("description", "a\0b"),
            INVALID,
            &[("#/description", "null_character")],
        ),
        case("a large module", module_form(&vec![0; (1 << 20) + 1]), TOO_LARGE, &[("#/module", "too_large")]),
        case(
            "a long description",
            module().text("description", "d".repeat(4097)),
            TOO_LARGE,
            &[("#/description", "too_large")],
        ),
    ]
}

fn of_samples() -> Vec<Case> {
    let samples = |text: String| module_form(last_number()).text("samples", text);
    vec![
        case(
            "too many",
            samples(json!(vec![sample("42"); 65]).to_string()),
            INVALID,
            &[("#/samples", "too_many")],
        ),
        case("no list", samples("{}".to_owned()), (400, "invalid_json"), &[("#/samples", "invalid_json")]),
        case(
            "a typo",
            samples(r#"[{"prompt":"a","completion":"b"}]"#.to_owned()),
            (400, "unknown_parameter"),
            &[("#/samples/0/completion", "unknown_parameter")],
        ),
        case(
            "a wrong finish, and two references",
            samples(
                r#"[{"prompt":"a","completion_text":"b","finish":"tired","reference":"1","reward_input":1}]"#
                    .to_owned(),
            ),
            INVALID,
            &[("#/samples/0/reward_input", "not_allowed"), ("#/samples/0/finish", "unsupported_value")],
        ),
        case("too large", samples(" ".repeat((64 << 10) + 1)), TOO_LARGE, &[("#/samples", "too_large")]),
    ]
}

#[tokio::test]
async fn a_form_that_is_wrong_names_the_part_and_leaves_nothing() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "forms").await;
    for Case { name, form, status, code, faults: expected } in of_texts().into_iter().chain(of_samples()) {
        let refused = service.form(&customer, &versions(&id), form).await;
        assert_eq!(refused.problem(status), code, "{name}: {}", refused.text);
        let expected: Vec<(String, String)> =
            expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
        assert_eq!(faults(&refused, status), expected, "{name}");
    }
    let stored = "SELECT (SELECT count(*) FROM reward_versions), (SELECT count(*) FROM reward_uploads)";
    assert_eq!(service.sql(stored).await, "0|0");
}

#[tokio::test]
async fn a_body_that_is_no_whole_form_is_refused() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "forms").await;
    let part = "--X\r\nContent-Disposition: form-data; name=\"module\"\r\n\r\nabc";
    for (content_type, body, status, code) in [
        ("multipart/form-data; boundary=X", part.to_owned(), 400, "invalid_form"),
        ("multipart/form-data; boundary=X", String::new(), 400, "invalid_form"),
        ("multipart/form-data; boundary=X", "abc".to_owned(), 400, "invalid_form"),
        ("multipart/form-data; boundary=X", "--X\r\n\r\nabc\r\n--X--\r\n".to_owned(), 400, "invalid_form"),
        (
            "multipart/form-data; boundary=X",
            format!("--X\r\n{}", "a".repeat(200_000)),
            413,
            "payload_too_large",
        ),
        (
            "multipart/form-data; boundary=X",
            format!("{}\r\n--X--\r\n", part.replace("module", "mod\u{1}ule")),
            400,
            "invalid_form",
        ),
        ("multipart/form-data", part.to_owned(), 400, "invalid_form"),
        ("multipart/mixed; boundary=X", part.to_owned(), 415, "unsupported_media_type"),
        ("application/wasm", "\0asm".to_owned(), 415, "unsupported_media_type"),
        ("application/json", "{}".to_owned(), 415, "unsupported_media_type"),
    ] {
        let request = service.request(Method::POST, &versions(&id)).bearer_auth(&customer.key);
        let request = request.header("content-type", content_type).body(body.clone());
        let refused = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(refused.problem(status), code, "{content_type} {body:.80}: {}", refused.text);
    }
    assert_eq!(service.sql("SELECT count(*) FROM reward_versions").await, "0");
}
