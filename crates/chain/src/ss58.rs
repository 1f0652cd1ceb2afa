//! ss58 addresses with Bittensor's prefix 42, strict: one hotkey has one spelling.
//!
//! `base58(0x2a ‖ pk32 ‖ blake2b512("SS58PRE" ‖ 0x2a ‖ pk32)[..2])`.

use blake2::{Blake2b512, Digest};
use grail::Hotkey;

use crate::Error;

const PREFIX: u8 = 42;
const KEY_BYTES: usize = 32;
const CHECKED_BYTES: usize = 1 + KEY_BYTES;
const ADDRESS_BYTES: usize = CHECKED_BYTES + 2;
/// No address of 35 bytes is longer; base58 takes quadratic time, so longer text is not even tried.
const MAX_CHARS: usize = 49;

pub fn encode(hotkey: &Hotkey) -> String {
    let mut bytes = [0; ADDRESS_BYTES];
    bytes[0] = PREFIX;
    bytes[1..CHECKED_BYTES].copy_from_slice(hotkey.as_bytes());
    let sum = checksum(&bytes[..CHECKED_BYTES]);
    bytes[CHECKED_BYTES..].copy_from_slice(&sum);
    bs58::encode(bytes).into_string()
}

pub fn decode(text: &str) -> Result<Hotkey, Error> {
    if text.len() > MAX_CHARS {
        return Err(Error::Ss58("it is too long"));
    }
    let bytes = bs58::decode(text).into_vec().map_err(|_| Error::Ss58("it is not base58"))?;
    let bytes: [u8; ADDRESS_BYTES] =
        bytes.try_into().map_err(|_| Error::Ss58("it does not hold a 32-byte key"))?;
    let (checked, sum) = bytes.split_at(CHECKED_BYTES);
    if checked[0] != PREFIX {
        return Err(Error::Ss58("its network prefix is not 42"));
    }
    if checksum(checked) != sum {
        return Err(Error::Ss58("its checksum is wrong"));
    }
    Hotkey::from_slice(&checked[1..]).map_err(|_| Error::Ss58("it does not hold a 32-byte key"))
}

fn checksum(checked: &[u8]) -> [u8; 2] {
    let hash = Blake2b512::new().chain_update(b"SS58PRE").chain_update(checked).finalize();
    [hash[0], hash[1]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const ALICE_KEY: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

    #[test]
    fn alice_is_alice() {
        let alice: Hotkey = ALICE_KEY.parse().unwrap();
        assert_eq!(encode(&alice), ALICE);
        assert_eq!(decode(ALICE).unwrap(), alice);
    }

    #[test]
    fn other_networks_lengths_and_alphabets_are_refused() {
        let with_prefix = |prefix: u8, key: &[u8]| {
            let mut bytes = vec![prefix];
            bytes.extend_from_slice(key);
            let sum = checksum(&bytes);
            bytes.extend_from_slice(&sum);
            bs58::encode(bytes).into_string()
        };
        assert!(decode(&with_prefix(42, &[7; 32])).is_ok());
        for bad in [
            with_prefix(0, &[7; 32]),
            with_prefix(42, &[7; 31]),
            with_prefix(42, &[7; 33]),
            String::new(),
            format!("1{ALICE}"),
            format!(" {ALICE}"),
            ALICE.replace('z', "0"),
            ALICE.replace('z', "é"),
            "5".repeat(100_000),
        ] {
            assert!(matches!(decode(&bad), Err(Error::Ss58(_))), "{bad:.80}");
        }
    }

    #[test]
    fn any_changed_letter_is_refused() {
        for at in 0..ALICE.len() {
            let mut text = ALICE.as_bytes().to_vec();
            text[at] = if text[at] == b'x' { b'y' } else { b'x' };
            assert!(decode(std::str::from_utf8(&text).unwrap()).is_err(), "letter {at}");
        }
    }

    proptest! {
        #[test]
        fn every_key_survives(key: [u8; 32]) {
            prop_assert_eq!(decode(&encode(&Hotkey(key))).unwrap(), Hotkey(key));
        }

        #[test]
        fn any_text_is_refused_or_canonical(text in "\\PC{0,60}") {
            if let Ok(hotkey) = decode(&text) {
                prop_assert_eq!(encode(&hotkey), text);
            }
        }
    }
}
