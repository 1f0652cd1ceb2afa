//! A group signed anew by a miner and a service that work together: every signature, chain and receipt fits the change,
//! so that only the model can tell.

use grail::chain::{group_path, group_root};
use grail::keys::{HotkeyPair, ServiceKey};
use grail::receipt::Receipt;
use grail::record::Record;
use protocol::rollout::{HexHash, Rebuilt, Reward, RewardReceipt, RolloutRecord, encode_records};
use rand_core::OsRng;

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
        let RewardReceipt { function, receipt, receipt_hash, .. } = record.reward_receipt.clone().unwrap();
        let (components, error) = (record.reward_components.clone(), record.reward_error.clone());
        let reward = Reward { value: record.reward, components: &components, error: error.as_deref() };
        record.reward_receipt =
            Some(RewardReceipt::sign(function, receipt, receipt_hash, &commitment.head, &reward, &service));
    }
    (forged, service.public())
}
