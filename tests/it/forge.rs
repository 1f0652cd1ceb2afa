//! A group signed anew by a miner and a service that work together: every signature, chain and receipt fits the change, and
//! the rewards are what the function gives for it, so that only the model can tell.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use grail::chain::{group_path, group_root};
use grail::keys::{HotkeyPair, ServiceKey};
use grail::receipt::Receipt;
use grail::record::Record;
use protocol::rollout::{
    HexHash, OLDEST_SCHEMA, Rebuilt, Reward, RewardReceipt, RolloutRecord, encode_records,
};
use rand_core::OsRng;
use sandbox::{Module, Scored, WasiProfile};
use supervisor::{Programs, Settings, Supervisor, Tenant};

static FUNCTION: LazyLock<(Supervisor, Module)> = LazyLock::new(|| {
    let upload = sandbox::builtin("builtins").unwrap();
    let supervisor = Supervisor::start(Settings::new(Programs::beside_this_one().unwrap())).unwrap();
    let module = supervisor.validate(upload, WasiProfile::None).unwrap();
    (supervisor, module)
});

/// Edits tokens and records of each rollout of a whole group, then makes everything else fit. `decode` gives the text of
/// tokens. The key that signs for the service is returned: a reader who trusts it sees nothing but the model's word.
pub(crate) fn forge(
    group: &[RolloutRecord],
    miner: &HotkeyPair,
    decode: impl Fn(&[u32]) -> String,
    edit: impl Fn(usize, &mut Vec<u32>, &mut Vec<Record>),
) -> (Vec<RolloutRecord>, [u8; 32]) {
    let service = ServiceKey::from_seed(&[7; 32]);
    let mut rebuilt: Vec<Rebuilt> = group.iter().map(|record| record.rebuild().unwrap()).collect();
    for (sample, Rebuilt { task, commitment }) in rebuilt.iter_mut().enumerate() {
        edit(sample, &mut commitment.tokens, &mut commitment.records);
        commitment.head = commitment.computed_head(task, sample as u32, &miner.hotkey());
        commitment.signature = miner.sign(&commitment.head, OsRng);
    }
    let heads: Vec<_> = rebuilt.iter().map(|rebuilt| rebuilt.commitment.head).collect();
    let receipt = Receipt {
        task: rebuilt[0].task.id(),
        group_root: group_root(&heads),
        hotkey: miner.hotkey(),
        ..group[0].proof.receipt.receipt
    };
    let mut forged = group.to_vec();
    for (sample, (record, Rebuilt { task, commitment })) in forged.iter_mut().zip(&rebuilt).enumerate() {
        assert_eq!(record.sample_index as usize, sample, "the whole group, in order");
        let logprobs: Vec<f32> = commitment.records.iter().map(|record| record.logprob).collect();
        record.completion_text = decode(&commitment.tokens);
        record.completion_ids.clone_from(&commitment.tokens);
        record.behavior_logprobs.clone_from(&logprobs);
        record.verifier_logprobs = Some(logprobs);
        record.dedup.sample_hash = commitment.sample_hash(&task.prompt_tokens);
        record.proof.records = encode_records(&commitment.records);
        record.proof.hotkey = miner.hotkey();
        record.proof.head = commitment.head;
        record.proof.signature = commitment.signature;
        record.proof.merkle_path = group_path(&heads, sample).unwrap().into_iter().map(HexHash).collect();
        record.proof.receipt = receipt.sign(&service);
    }
    reward(&mut forged, rebuilt[0].task.id(), &service);
    (forged, service.public())
}

/// Makes it one of the oldest version that is read, which says less.
pub(crate) fn oldest(record: &mut RolloutRecord) {
    *record = record.clone().as_of(OLDEST_SCHEMA);
}

/// Grades the forged texts with the job's function, and signs what comes out.
fn reward(group: &mut [RolloutRecord], task: [u8; 32], service: &ServiceKey) {
    let scored = score(group, task);
    for (record, scored) in group.iter_mut().zip(scored) {
        let score = scored.score.unwrap();
        let components: BTreeMap<String, f64> = score.components.into_iter().collect();
        let head = record.proof.head;
        let stated = Reward { value: Some(score.reward), components: &components, error: None };
        let function = record.reward_receipt.take().unwrap().function;
        let (shown, hash) = (serde_json::to_value(&*scored.receipt).unwrap(), scored.receipt.hash());
        record.reward_receipt = Some(RewardReceipt::sign(function, shown, hash, &head, &stated, service));
        record.reward = Some(score.reward);
        record.reward_components = components;
    }
}

fn score(group: &[RolloutRecord], task: [u8; 32]) -> Vec<Scored> {
    let first = &group[0];
    let inputs = first.reward_inputs.clone().unwrap();
    let asked = sandbox::Task {
        id: first.custom_id.clone(),
        prompt: first.prompt_text.clone().unwrap_or_default(),
        prompt_token_ids: first.prompt_ids.clone(),
        reference: inputs.reference,
        metadata: inputs.metadata,
        seed: u64::from_be_bytes(task[..8].try_into().unwrap()),
    };
    let sample = |record: &RolloutRecord| sandbox::Sample {
        text: record.completion_text.clone(),
        token_ids: record.completion_ids.clone(),
        finish: serde_json::from_value(serde_json::to_value(record.finish_reason).unwrap()).unwrap(),
    };
    let samples: Vec<sandbox::Sample> = group.iter().map(sample).collect();
    let (supervisor, module) = &*FUNCTION;
    supervisor.score(Tenant::SELF, module, &asked, &samples, &sandbox::Limits::default()).unwrap()
}
