//! What jobs can run on.

use serde_json::json;

use crate::harness::Service;

#[tokio::test]
async fn the_current_checkpoint_is_known_and_replaced() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let current = service.get(&customer, "/v1/checkpoints/current").await.json(200);
    assert_eq!(
        (&current["status"], &current["config"]),
        (&json!("current"), &json!({ "context_length": 512 }))
    );
    let first = current["id"].as_str().unwrap().parse().unwrap();

    let next = grail::CheckpointId([7; 32]);
    let mut tx = service.db.begin().await.unwrap();
    let now = service.clock.now();
    store::checkpoints::publish(&mut tx, next, "next", Some(first), &json!({}), now).await.unwrap();
    store::checkpoints::publish(&mut tx, next, "renamed", None, &json!({}), now).await.unwrap();
    tx.commit().await.unwrap();
    let list = service.get(&customer, "/v1/checkpoints").await.json(200);
    let seen: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["name"], &c["status"], &c["previous_id"]))
        .collect();
    let (next_name, current, available) = (json!("renamed"), json!("current"), json!("available"));
    assert_eq!(seen, [(&next_name, &current, &json!(first)), (&json!("tiny"), &available, &json!(null))]);
}
