//! Receipts from strangers: an edited one is refused, or it is another receipt with another hash. No edit can put a line
//! into the canonical text.

use std::sync::LazyLock;
use std::time::Duration;

use sandbox::{Limits, Receipt};

use crate::kit::{SANDBOX, built_in, sample, task};

static HONEST: LazyLock<(Receipt, Vec<u8>)> = LazyLock::new(|| {
    let reward = built_in(&SANDBOX, "last-number");
    let scored = SANDBOX.score(&reward, &task("72"), &[sample("It is 72.", 3)], &Limits::default());
    let receipt = Receipt::clone(&scored.expect("no host error")[0].receipt);
    let text = serde_json::to_vec(&receipt).expect("plain data");
    (receipt, text)
});

#[test]
fn edited_receipts() {
    let (honest, text) = &*HONEST;
    let fields = honest.canonical_bytes().split(|byte| *byte == b'\n').count();
    let edits = bolero::check!().with_test_time(Duration::from_secs(1)).with_type::<Vec<(u32, u8)>>();
    edits.for_each(|edits| {
        let mut edited = text.clone();
        for (at, flip) in edits.iter().take(4) {
            let at = *at as usize % edited.len();
            edited[at] ^= flip;
        }
        let Ok(receipt) = serde_json::from_slice::<Receipt>(&edited) else { return };
        let written = serde_json::to_vec(&receipt).expect("plain data");
        assert_eq!(serde_json::from_slice::<Receipt>(&written).ok().as_ref(), Some(&receipt));
        assert_eq!(receipt.canonical_bytes().split(|byte| *byte == b'\n').count(), fields);
        assert_eq!(receipt.hash() == honest.hash(), receipt == *honest);
    });
}
