use futures_util::StreamExt as _;
use reliquary_client::Client;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = Client::from_env()?;
    let lines = std::fs::read_to_string("prompts.jsonl")?;
    let prompts: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let reward = client.reward_functions().create("mine").await?;
    let version = client.reward_functions().upload_version(&reward, "reward.wasm").await?.version;
    let body = json!({"prompts": prompts, "sampling": {"n": 8, "temperature": 1.0, "max_tokens": 48},
        "reward": {"mode": "wasm", "function": format!("{}@{version}", reward.id)}});
    let job = client.jobs().create(&body).await?;
    let mut rollouts = client.jobs().stream(&job);
    while let Some(rollout) = rollouts.next().await.transpose()? {
        println!("{} {:?} {}", rollout.id, rollout.reward, rollout.completion_ids.len());
    }
    let file = client.exports().create(&job, &json!({"format": "tinker"})).await?;
    client.exports().download(&file, "rollouts.jsonl".as_ref()).await?;
    client.jobs().download(&job, "proofs.ndjson".as_ref()).await?;
    println!("{}", client.jobs().retrieve(&job).await?.status);
    Ok(())
}
