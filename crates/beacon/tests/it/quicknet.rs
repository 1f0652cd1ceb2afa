//! What quicknet signed is believed, and nothing beside it.

use beacon::{Error, Kind, Round, Trust};

use crate::published;

fn vectors() -> Vec<(u64, [u8; 48], Option<String>)> {
    let read = |round: &serde_json::Value| {
        let signature = hex::decode(round["signature"].as_str().unwrap()).unwrap().try_into().unwrap();
        let randomness = round["randomness"].as_str().map(str::to_owned);
        (round["round"].as_u64().unwrap(), signature, randomness)
    };
    published().iter().map(read).collect()
}

fn is_refused(number: u64, signature: [u8; 48]) -> bool {
    let verified = Round::quicknet(number, signature).unwrap().verify(&Trust::Quicknet);
    matches!(verified, Err(Error::Signature { kind: Kind::Quicknet, number: named }) if named == number)
}

#[test]
fn published_rounds_are_believed() {
    let mut compared = 0;
    for (number, signature, published) in vectors() {
        let round = Round::quicknet(number, signature).unwrap();
        let verified = round.verify(&Trust::Quicknet).unwrap();
        assert_eq!((verified.number(), verified.round()), (number, &round));
        if let Some(published) = published {
            assert_eq!(verified.randomness().to_string(), published);
            compared += 1;
        }
    }
    assert!(compared >= 2, "few published values to compare with");
}

#[test]
fn a_signature_proves_its_own_round_only() {
    let vectors = vectors();
    assert!(vectors.len() >= 3);
    for (number, signature, _) in &vectors {
        let others = vectors.iter().map(|(other, ..)| *other).filter(|other| other != number);
        for wrong in others.chain([1, number - 1, number + 1, number.swap_bytes(), u64::MAX]) {
            assert!(is_refused(wrong, *signature), "round {number}'s passed for {wrong}");
        }
    }
}

#[test]
fn each_flipped_bit_is_refused() {
    for (number, signature, _) in vectors() {
        for bit in 0..384 {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(is_refused(number, flipped), "round {number}, bit {bit}");
        }
    }
}

#[test]
fn a_reader_goes_by_one_beacon() {
    let (number, signature, _) = vectors().remove(0);
    let round = Round::quicknet(number, signature).unwrap();
    let refused = round.verify(&Trust::Local { key: [1; 32] });
    assert!(matches!(refused, Err(Error::NotTrusted { kind: Kind::Quicknet, trusted: Kind::Local, .. })));
    assert!(matches!(Round::quicknet(0, signature), Err(Error::RoundZero)));
}
