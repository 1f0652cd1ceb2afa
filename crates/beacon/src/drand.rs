//! A round as drand's relays write it in JSON.

use serde::Deserialize;

use crate::{Error, Round, quicknet};

/// The fields that we read. Relays also send `randomness`, which proves nothing and is not looked at: it is computed
/// from the signature once that is checked.
#[derive(Deserialize)]
pub(crate) struct Answer {
    round: u64,
    #[serde(with = "grail::lower_hex")]
    signature: [u8; quicknet::SIGNATURE_BYTES],
}

impl TryFrom<Answer> for Round {
    type Error = Error;

    fn try_from(answer: Answer) -> Result<Self, Error> {
        Self::quicknet(answer.round, answer.signature)
    }
}
