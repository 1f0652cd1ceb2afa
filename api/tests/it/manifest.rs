//! The manifest of a job over HTTP, the proofs of inclusion, and the keys that sign them. That the worker writes them is for its
//! own tests; here the rows are made by hand.

use std::collections::BTreeMap;

use grail::merkle;
use protocol::JobId;
use protocol::manifest::{
    Counts, Evidence, GroupCounts, HexHash, Inclusion, Leaf, Manifest, OnCheckpoint, SignedManifest,
};
use protocol::rollout::RolloutRecord;
use reqwest::Method;
use serde_json::{Value, json};
use store::manifests::{self, Chunk};

use crate::deliver::deliver;
use crate::harness::{Answer, Service};

/// Does the worker's part for a job that has ended.
async fn sign(service: &Service, job: JobId) -> SignedManifest {
    let mut tx = service.db.begin().await.unwrap();
    assert_eq!(manifests::claim(&mut tx).await.unwrap(), Some((job, 0)));
    let facts = manifests::facts(&mut tx, job).await.unwrap();
    let leaves = manifests::leaves(&mut tx, job, 0..facts.prompts).await.unwrap();
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf.hash(job)).collect();
    let mut rollouts = BTreeMap::new();
    manifests::tally(&mut rollouts, &leaves);
    let root = merkle::root(&hashes);
    let chunk = Chunk { number: 0, first: leaves[0].position(), root, leaves: hashes };
    manifests::write_chunk(&mut tx, job, &chunk).await.unwrap();
    let [accepted, filtered, failed, cancelled] = facts.groups;
    let manifest = Manifest {
        livemode: true,
        schema_version: 1,
        job_id: job,
        status: facts.status,
        status_reason: facts.status_reason,
        created_at: facts.created_at.to_rfc3339(),
        finished_at: facts.finished_at.to_rfc3339(),
        spec_sha256: HexHash(protocol::canonical_json::sha256(&facts.spec)),
        checkpoint: OnCheckpoint { id: facts.checkpoint, name: facts.checkpoint_name },
        proof_profile: facts.profile,
        randomness: facts.randomness,
        reward: None,
        counts: Counts {
            prompts: facts.prompts.into(),
            groups: GroupCounts { accepted, filtered, failed, cancelled },
            rollouts,
        },
        price: facts.price,
        charged_rao: facts.charged,
        verifiers: facts.verifiers,
        leaf_count: leaves.len() as u64,
        merkle_root: HexHash(root),
    };
    let signed = manifest.sign(facts.spec, &service.key);
    let document = serde_json::to_string(&signed).unwrap();
    manifests::conclude(&mut tx, job, &document, &root, leaves.len() as u64).await.unwrap();
    tx.commit().await.unwrap();
    signed
}

#[tokio::test]
async fn a_manifest_is_there_once_the_job_has_ended_and_its_owner_alone_sees_it() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(0).await);
    let job = service.job(&customer, 2).await;
    let first = deliver(&service, &job, 0).await;
    let path = format!("/v1/jobs/{job}/manifest");
    let inclusion = format!("/v1/rollouts/{}/inclusion", first[1]);
    for path in [&path, &inclusion] {
        assert_eq!(service.get(&customer, path).await.problem(409), "job_not_ended");
    }
    let second = deliver(&service, &job, 1).await;
    for path in [&path, &inclusion] {
        let answer = service.get(&customer, path).await;
        assert_eq!((answer.problem(409).as_str(), answer.header("retry-after")), ("manifest_pending", "2"));
        assert_eq!(service.get(&stranger, path).await.problem(404), "not_found");
    }
    let signed = sign(&service, job.parse().unwrap()).await;
    let answer = service.get(&customer, &path).await;
    assert_eq!(answer.json(200), serde_json::to_value(&signed).unwrap());
    assert_eq!(service.get(&customer, &path).await.text, answer.text, "byte for byte");
    assert!(signed.is_signed() && signed.adds_up() && signed.has_its_spec());
    for path in [&path, &inclusion] {
        assert_eq!(service.get(&stranger, path).await.problem(404), "not_found");
    }

    for (index, id) in first.iter().chain(&second).enumerate() {
        let record = service.get(&customer, &format!("/v1/rollouts/{id}")).await.json(200);
        let record: RolloutRecord = serde_json::from_value(record).unwrap();
        let answer = service.get(&customer, &format!("/v1/rollouts/{id}/inclusion")).await;
        let proof: Inclusion = serde_json::from_value(answer.json(200)).unwrap();
        assert_eq!((proof.leaf_index, proof.leaf_count, proof.rollout_id), (index as u64, 4, *id));
        assert_eq!(Leaf::of_record(&record).unwrap(), proof.leaf);
        let root = signed.manifest.merkle_root.0;
        assert!(proof.reaches(proof.leaf.hash(proof.job_id), 4, &root));
        let other = proof.leaf.hash("job_00000000000000000000000001".parse().unwrap());
        assert!(!proof.reaches(other, 4, &root));
    }

    // as lines, before the rollouts
    let path = format!("/v1/jobs/{job}/rollouts?include=manifest&limit=1");
    let request = service.request(Method::GET, &path).bearer_auth(&customer.key);
    let answer = Answer::of(request.header("accept", "application/x-ndjson").send().await.unwrap()).await;
    let lines: Vec<&str> = answer.text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(Evidence::read(lines[0].as_bytes()).unwrap(), Evidence::Manifest(Box::new(signed.clone())));
    let Evidence::Leaves(leaves) = Evidence::read(lines[1].as_bytes()).unwrap() else {
        panic!("{}", lines[1])
    };
    assert_eq!(merkle::root(&leaves.hashes), signed.manifest.merkle_root.0);
    let refused = service.get(&customer, &path).await;
    assert_eq!(refused.problem(400), "invalid_parameter", "with lines only");
}

#[tokio::test]
async fn keys_are_a_jwk_set_and_an_old_one_stays_with_its_end() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let keys = service.get(&customer, "/v1/verification_keys").await.json(200);
    let old = keys["data"][0].clone();
    assert_eq!(
        (&old["public_key"], &old["valid_until"]),
        (&json!(hex::encode(service.key.public())), &Value::Null)
    );
    let jwk = &keys["keys"][0];
    assert_eq!((&jwk["kty"], &jwk["crv"], &jwk["kid"]), (&json!("OKP"), &json!("Ed25519"), &old["kid"]));
    let mut conn = service.db.acquire().await.unwrap();
    for _ in 0..2 {
        store::service_keys::publish(&mut conn, &[5; 32], service.clock.now()).await.unwrap();
    }
    let keys = service.get(&customer, "/v1/verification_keys").await.json(200);
    let shown: Vec<(&Value, bool)> = keys["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (&key["public_key"], key["valid_until"].is_null()))
        .collect();
    assert_eq!(shown, [(&json!(hex::encode([5; 32])), true), (&old["public_key"], false)]);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}
