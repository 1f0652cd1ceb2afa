//! A local beacon behind the same door as the public one.

use beacon::{Beacon, Error, Kind, LocalBeacon, Round, Trust};

use crate::LATER_MS;

#[tokio::test]
async fn a_local_round_comes_on_time_and_says_what_it_is() {
    let local = LocalBeacon::from_seed(&[7; 32]);
    let beacon = Beacon::local(local.clone());
    assert_eq!(beacon.trust(), Trust::Local { key: local.public_key() });

    let number = beacon.schedule().audit_round(LATER_MS);
    let due_ms = beacon.schedule().time_of_ms(number);
    assert_eq!(beacon.round(number, due_ms - 1).await.unwrap(), None);
    let round = beacon.round(number, due_ms).await.unwrap().unwrap();
    assert_eq!(beacon.latest(due_ms).await.unwrap(), Some(round));
    assert_eq!(beacon.round(number, due_ms - 1).await.unwrap(), None, "kept, and still before its time");
    assert_eq!(beacon.latest(0).await.unwrap(), None);
    assert!(matches!(beacon.round(0, due_ms).await, Err(Error::RoundZero)));

    let json = serde_json::to_string(round.round()).unwrap();
    assert!(json.contains("not-public-randomness"), "{json}");
    let read: Round = serde_json::from_str(&json).unwrap();
    assert_eq!(read.kind(), Kind::Local);
    assert_eq!(read.verify(&beacon.trust()).unwrap().randomness(), round.randomness());
    assert!(matches!(read.verify(&Trust::Quicknet), Err(Error::NotTrusted { .. })));
}
