//! A beacon of one's own for `up`, the demo and tests: quicknet's schedule, rounds signed by one ed25519 key.
//!
//! It is not public randomness. Whoever holds the key knows every round beforehand, and a reader refuses its rounds
//! unless it was given the key ([`Trust::Local`]).

use grail::keys::ServiceKey;

use crate::round::local_message;
use crate::{Error, Round, Schedule, Trust};

/// Signs rounds when their time has come.
#[derive(Debug, Clone)]
pub struct LocalBeacon {
    key: ServiceKey,
}

impl LocalBeacon {
    /// The seed is the caller's to make and to keep; not that of the receipt key.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: ServiceKey::from_seed(seed) }
    }

    /// What a reader must be given to believe this beacon.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.public()
    }

    pub fn trust(&self) -> Trust {
        Trust::Local { key: self.public_key() }
    }

    /// The round, or `None` before its time.
    pub fn round(&self, number: u64, now_ms: u64) -> Result<Option<Round>, Error> {
        if number > Schedule::QUICKNET.round_at(now_ms) {
            return Ok(None);
        }
        Round::local(number, self.key.sign(&local_message(number))).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: u64 = 12_345_678;

    fn due_ms() -> u64 {
        Schedule::QUICKNET.time_of_ms(NUMBER)
    }

    #[test]
    fn nothing_comes_before_its_time() {
        let beacon = LocalBeacon::from_seed(&[3; 32]);
        assert_eq!(beacon.round(NUMBER, due_ms() - 1).unwrap(), None);
        let round = beacon.round(NUMBER, due_ms()).unwrap().unwrap();
        assert_eq!(beacon.round(NUMBER, u64::MAX).unwrap(), Some(round), "a round has one value");
        assert!(beacon.round(u64::MAX, due_ms()).unwrap().is_none());
        assert!(matches!(beacon.round(0, due_ms()), Err(Error::RoundZero)));
    }

    #[test]
    fn only_a_reader_with_its_key_believes_it() {
        let beacon = LocalBeacon::from_seed(&[3; 32]);
        let round = beacon.round(NUMBER, due_ms()).unwrap().unwrap();
        let verified = round.verify(&beacon.trust()).unwrap();
        assert_eq!((verified.number(), verified.round()), (NUMBER, &round));

        assert!(matches!(round.verify(&Trust::Quicknet), Err(Error::NotTrusted { .. })));
        let other = LocalBeacon::from_seed(&[4; 32]);
        for key in [other.public_key(), [0; 32], [0xff; 32]] {
            assert!(matches!(round.verify(&Trust::Local { key }), Err(Error::Signature { .. })));
        }
        assert_ne!(
            other.round(NUMBER, due_ms()).unwrap().unwrap().verify(&other.trust()).unwrap().randomness(),
            verified.randomness()
        );
    }

    #[test]
    fn each_flipped_bit_and_each_other_number_is_refused() {
        let beacon = LocalBeacon::from_seed(&[3; 32]);
        let round = beacon.round(NUMBER, due_ms()).unwrap().unwrap();
        let signature: [u8; 64] = round.signature().try_into().unwrap();
        for bit in 0..512 {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = Round::local(NUMBER, flipped).unwrap();
            assert!(matches!(flipped.verify(&beacon.trust()), Err(Error::Signature { .. })), "bit {bit}");
        }
        for number in [1, NUMBER - 1, NUMBER + 1, u64::MAX] {
            let moved = Round::local(number, signature).unwrap();
            assert!(matches!(moved.verify(&beacon.trust()), Err(Error::Signature { .. })), "{number}");
        }
    }
}
