//! `GET /v1/proof_spec/{version}`: the numbers of docs/PROTOCOL.md, and those of the crates that make verdicts.

use grail::record::RecordKind;
use grail::standard::Standard;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

async fn spec(service: &Service, version: &str) -> Answer {
    let request = service.request(Method::GET, &format!("/v1/proof_spec/{version}"));
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_proof_is_specified_to_anyone() {
    let service = Service::start().await;
    let found = spec(&service, "r1").await.json(200);
    // as docs/PROTOCOL.md has them in words: §3, §5, §7
    for (pointer, expected) in [
        ("/scheme", json!("grail-r1")),
        ("/record", json!({ "schema_version": 4, "oldest_schema_version": 2 })),
        ("/wire", json!({ "version": 1, "max_payload_bytes": 4096, "max_frame_tokens": 64 })),
        ("/challenge", json!({ "positions": "all", "draw_bits": 53, "block_ids": 1024 })),
        (
            "/signatures/0",
            json!({ "by": "miner", "algorithm": "sr25519", "context": "substrate", "bytes": 64 }),
        ),
        ("/engine_classes/0/records", json!([{ "components": null, "bytes": 20 }])),
        ("/engine_classes/0/tolerance", Value::Null),
        (
            "/engine_classes/1/records",
            json!([{ "components": 8, "bytes": 14 }, { "components": 16, "bytes": 22 }]),
        ),
        ("/engine_classes/1/tolerance/window", json!(32)),
        ("/engine_classes/1/tolerance/full_scale", json!(127)),
        ("/engine_classes/1/tolerance/most_activation", json!(4.0)),
        ("/engine_classes/1/tolerance/most_distance", json!(16.0)),
        ("/engine_classes/1/tolerance/most_surprise", json!(100.0)),
        ("/engine_classes/1/tolerance/least_activation", json!(1e-6)),
        ("/engine_classes/1/tolerance/half_discount_at", json!(0.005)),
        ("/engine_classes/1/tolerance/forged_activation", json!(0.5)),
        ("/engine_classes/1/tolerance/forged_positions", json!(8)),
        ("/engine_classes/1/tolerance/second_look", json!(1.5)),
        ("/in_force/profile_id", json!(Standard::exact("test/1").profile().id().to_string())),
        ("/in_force/numerics", json!("test/1")),
        ("/in_force/thresholds", Value::Null),
    ] {
        assert_eq!(found.pointer(pointer), Some(&expected), "{pointer}");
    }
    // and as they are in the code
    assert_eq!(found["engine_classes"][0]["records"][0]["bytes"], RecordKind::Fingerprint.bytes());
    let statistics = &found["engine_classes"][1]["tolerance"]["statistics"];
    assert_eq!(*statistics, json!(grail::statistics::Statistics::NAMES));
    for (name, assurance) in
        [("chain", "cryptographic"), ("reward", "exact"), ("form", "exact"), ("receipt", "cryptographic")]
    {
        let checks = found["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        assert_eq!(check["assurance"], assurance, "{name}");
    }
    // what it points to is there
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    for link in found["links"].as_object().unwrap().values() {
        assert!(document["paths"].get(link.as_str().unwrap()).is_some(), "{link}");
    }
    for unknown in ["r2", "R1", "grail-r1", "1"] {
        assert_eq!(spec(&service, unknown).await.problem(404), "not_found", "{unknown}");
    }
}
