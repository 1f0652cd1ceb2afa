//! Relays: the honest one, each kind of liar, and the way from one to the next.

use std::time::{Duration, Instant};

use beacon::{Beacon, Error, Kind, Trust, VerifiedRound, quicknet};

use crate::relay_server::{Behaviour, Relay};
use crate::{LATER_MS, published_json};

/// Enough for an answer over the loopback interface on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// For relays that never answer.
const SHORT: Duration = Duration::from_millis(300);

fn asking(relays: &[&Relay], patience: Duration) -> Beacon {
    let bases: Vec<String> = relays.iter().map(|relay| relay.base()).collect();
    Beacon::relays(&bases, patience).unwrap()
}

fn honest(number: u64) -> Behaviour {
    Behaviour::Json(published_json(number))
}

/// Asks a single relay of this behaviour for round 1000.
async fn round_1000(behaviour: Behaviour, patience: Duration) -> Result<Option<VerifiedRound>, Error> {
    let relay = Relay::start(behaviour);
    asking(&[&relay], patience).round(1000, LATER_MS).await
}

/// The failure of the one relay that was asked.
async fn failure(behaviour: Behaviour, patience: Duration) -> Error {
    match round_1000(behaviour, patience).await {
        Err(Error::NoneAnswered { relays: 1, last }) => *last,
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[tokio::test]
async fn an_honest_relay_is_asked_once_for_a_round() {
    let relay = Relay::start(honest(1000));
    let beacon = Beacon::relays(&[format!("{}/some/place/", relay.base())], PATIENCE).unwrap();
    assert_eq!(beacon.trust(), Trust::Quicknet);
    let round = beacon.round(1000, LATER_MS).await.unwrap().unwrap();
    assert_eq!(
        round.randomness().to_string(),
        "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"
    );
    assert_eq!(beacon.round(1000, LATER_MS).await.unwrap(), Some(round));
    assert_eq!(relay.asked(), [format!("/some/place/{}/public/1000", quicknet::CHAIN_HASH)]);
}

#[tokio::test]
async fn nobody_is_asked_before_the_time() {
    let relay = Relay::start(honest(1000));
    let beacon = asking(&[&relay], PATIENCE);
    let due_ms = beacon.schedule().time_of_ms(1000);
    assert_eq!(beacon.round(1000, due_ms - 1).await.unwrap(), None);
    assert_eq!(beacon.round(u64::MAX, LATER_MS).await.unwrap(), None);
    assert!(matches!(beacon.round(0, LATER_MS).await, Err(Error::RoundZero)));
    assert_eq!(relay.asked(), Vec::<String>::new());
    assert!(beacon.round(1000, due_ms).await.unwrap().is_some());
}

#[tokio::test]
async fn each_lie_is_told_apart() {
    let good = published_json(1000);
    let wrong_round = failure(honest(123), PATIENCE).await;
    assert!(matches!(wrong_round, Error::WrongRound { asked: 1000, answered: 123 }), "{wrong_round:?}");

    let relabelled = published_json(123).replace("\"round\":123", "\"round\":1000");
    for forged in [relabelled, good.replace("b44679b9", "b44679b8")] {
        assert_ne!(forged, good);
        let error = failure(Behaviour::Json(forged), PATIENCE).await;
        assert!(matches!(error, Error::Signature { kind: Kind::Quicknet, number: 1000 }), "{error:?}");
    }
    for nonsense in ["", "{}", "[]", "null", "<html>", r#"{"round":1000,"signature":"00"}"#] {
        let error = failure(Behaviour::Json(nonsense.to_owned()), PATIENCE).await;
        assert!(matches!(error, Error::Malformed(_)), "{nonsense}: {error:?}");
    }
    let lied_value = good.replace("fe290bec", "00000000");
    let round = round_1000(Behaviour::Json(lied_value), PATIENCE).await.unwrap().unwrap();
    assert!(round.randomness().to_string().starts_with("fe290bec"));
}

#[tokio::test]
async fn a_body_has_an_end() {
    let flood = failure(Behaviour::Flood, PATIENCE).await;
    assert!(matches!(flood, Error::TooLarge { limit: 4096 }), "{flood:?}");
    let padded = format!("{}{}", published_json(1000), " ".repeat(4096));
    let padded = failure(Behaviour::Json(padded), PATIENCE).await;
    assert!(matches!(padded, Error::TooLarge { limit: 4096 }), "{padded:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Relay::start(honest(1000));
    let error = failure(Behaviour::Redirect(target.base()), PATIENCE).await;
    assert!(matches!(error, Error::Status(302)), "{error:?}");
    assert_eq!(target.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn patience_ends() {
    for behaviour in [Behaviour::Hang, Behaviour::Silence] {
        let since = Instant::now();
        let error = failure(behaviour.clone(), SHORT).await;
        assert!(
            matches!(&error, Error::Transport(source) if source.is_timeout()),
            "{behaviour:?}: {error:?}"
        );
        assert!(since.elapsed() < PATIENCE, "{behaviour:?}");
    }
}

#[tokio::test]
async fn not_yet_is_no_failure() {
    for status in [404, 425] {
        assert_eq!(round_1000(Behaviour::Status(status), PATIENCE).await.unwrap(), None);
    }
    for status in [204, 304, 403, 429, 500, 503] {
        let error = failure(Behaviour::Status(status), PATIENCE).await;
        assert!(matches!(error, Error::Status(told) if told == status), "{status}: {error:?}");
    }
    let (behind, broken) = (Relay::start(Behaviour::Status(404)), Relay::start(Behaviour::Status(500)));
    let beacon = asking(&[&behind, &broken], PATIENCE);
    assert_eq!(beacon.round(1000, LATER_MS).await.unwrap(), None);
    broken.now(honest(1000));
    assert!(beacon.round(1000, LATER_MS).await.unwrap().is_some(), "not found is not remembered");
}

#[tokio::test]
async fn the_next_relay_is_asked() {
    let gone = {
        let relay = Relay::start(honest(1000));
        relay.base()
    };
    let liar = Relay::start(honest(123));
    let silent = Relay::start(Behaviour::Silence);
    let good = Relay::start(honest(1000));
    let unasked = Relay::start(honest(1000));
    let bases = [gone, liar.base(), silent.base(), good.base(), unasked.base()];
    let beacon = Beacon::relays(&bases, Duration::from_secs(1)).unwrap();
    assert_eq!(beacon.round(1000, LATER_MS).await.unwrap().unwrap().number(), 1000);
    for relay in [&liar, &silent, &good] {
        assert_eq!(relay.asked().len(), 1);
    }
    assert_eq!(unasked.asked().len(), 0);

    good.now(Behaviour::Flood);
    unasked.now(Behaviour::Status(500));
    let asked_for = beacon.round(123, LATER_MS).await.unwrap();
    assert_eq!(asked_for.unwrap().number(), 123, "the liar's round is sound for who asks for it");
    let error = beacon.round(42, LATER_MS).await.unwrap_err();
    assert!(matches!(error, Error::NoneAnswered { relays: 5, .. }), "{error:?}");
}

/// One relay that shows an old round, and one that shows a forged newer one, do not hide the newest.
#[tokio::test]
async fn the_latest_is_the_newest_that_is_proven() {
    let old = Relay::start(honest(123));
    let forged = Relay::start(Behaviour::Json(published_json(1000).replace(":1000", ":900000")));
    let newest = Relay::start(honest(657_413));
    let beacon = asking(&[&old, &forged, &newest], PATIENCE);
    assert_eq!(beacon.latest(LATER_MS).await.unwrap().unwrap().number(), 657_413);
    assert_eq!(old.asked(), [format!("/{}/public/latest", quicknet::CHAIN_HASH)]);
    assert_eq!(
        asking(&[&old], PATIENCE).latest(0).await.unwrap().unwrap().number(),
        123,
        "our clock is behind"
    );
    let error = asking(&[&forged], PATIENCE).latest(LATER_MS).await.unwrap_err();
    assert!(matches!(error, Error::NoneAnswered { relays: 1, .. }), "{error:?}");
}
