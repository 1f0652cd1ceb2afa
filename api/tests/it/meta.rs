//! The service about itself, and the document against the routes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

#[tokio::test]
async fn the_committed_document_is_the_current_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(committed == api::openapi::json(), "write it again: cargo run -- openapi > openapi/openapi.json");
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let service = Service::start().await;
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let mut methods: Vec<String> =
            item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        methods.sort();
        let answer = Answer::of(service.request(Method::TRACE, path).send().await.unwrap()).await;
        assert_eq!(answer.problem(405), "method_not_allowed", "{path}");
        let mut allowed: Vec<&str> = answer.header("allow").split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{path}");
        for operation in item.as_object().unwrap().values() {
            assert!(
                operation["operationId"].is_string() && operation["description"].is_string()
                    || operation["summary"].is_string()
            );
            let open = operation["security"] == json!([{}]);
            // who signs in brings in the body what others bring as a bearer
            let takes_secret = !open || path == "/v1/sessions" || path == "/v1/sessions/refresh";
            assert_eq!(operation["responses"]["401"].is_object(), takes_secret, "{path}");
        }
    }
    // the table of routes has as many lines as the document
    let routes = include_str!("../../src/routes.rs").matches("at(\"/").count();
    assert_eq!(routes, paths.len());
}

#[tokio::test]
async fn every_operation_lists_what_it_can_fail_with() {
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let secured = operation["security"].is_null();
            let body = operation["requestBody"].is_object();
            let keyed = operation["parameters"].to_string().contains("\"Idempotency-Key\"");
            let expected = [
                (&["400", "406", "500", "503"][..], true),
                (&["401", "403", "429"], secured),
                (&["404"], path.contains('{')),
                (&["408", "413", "415", "422"], body),
                (&["409"], keyed),
            ];
            for status in expected.iter().filter(|(_, applies)| *applies).flat_map(|(all, _)| *all) {
                let schema = &responses[*status]["content"]["application/problem+json"]["schema"];
                assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{method} {path} {status}");
            }
            assert!(
                responses.values().all(|response| response["headers"]["Request-Id"].is_object()),
                "{path}"
            );
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{path}");
            // a parameter that may be left out is still never null
            assert!(!operation["parameters"].to_string().contains("\"null\""), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_reference_is_one_page_that_needs_nothing_else() {
    let service = Service::start().await;
    let page = Answer::of(service.request(Method::GET, "/docs").send().await.unwrap()).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    for outside in ["<script", "src=", "@import", "url(", "href=\"http"] {
        assert!(!page.text.contains(outside), "{outside}");
    }
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    for item in
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        let id = item["operationId"].as_str().unwrap();
        assert!(page.text.contains(&format!("<article id=\"{id}\">")), "{id}");
    }
    // every link inside leads somewhere
    for place in page.text.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.text.contains(&format!("id=\"{place}\"")), "{place}");
    }
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let text = document.to_string();
    let references: Vec<&str> =
        text.split("\"$ref\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(references.len() > 50);
    assert!(!text.contains("\"content\":null"), "an answer without a body has no content");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for name in ["Problem", "CreateJob", "Job", "JobList", "Rollout", "EventList"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    assert_eq!(service.request(Method::GET, "/healthz").send().await.unwrap().text().await.unwrap(), "ok\n");
    let ready = service.get(&customer, "/readyz").await.json(200);
    assert_eq!(
        ready["checkpoint_id"],
        service.get(&customer, "/v1/checkpoints/current").await.json(200)["id"]
    );
    let metrics = service.get(&customer, "/metrics").await.text;
    let line = r#"reliquary_http_requests_total{method="GET",route="/v1/checkpoints/current",status="200"}"#;
    assert!(metrics.contains(line), "{metrics}");
    assert!(!metrics.contains(&customer.account.to_string()));

    service.sql("UPDATE checkpoints SET status = 'retired'").await;
    assert_eq!(service.get(&customer, "/readyz").await.problem(503), "unavailable");
    service.db.close().await;
    let away = service.get(&customer, "/readyz").await;
    assert_eq!(away.problem(503), "unavailable");
    assert!(!away.text.to_lowercase().contains("pool"), "{}", away.text);
    assert_eq!(service.request(Method::GET, "/healthz").send().await.unwrap().status(), 200);
}
