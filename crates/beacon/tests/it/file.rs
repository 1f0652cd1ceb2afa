//! Rounds out of a file, in each shape that `curl` and a person leave behind.

use std::io::Write as _;

use beacon::{Beacon, Error, Trust};
use tempfile::NamedTempFile;

use crate::{LATER_MS, published, published_json};

fn holding(content: &str) -> (NamedTempFile, Beacon) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    let beacon = Beacon::file(file.path().to_owned());
    (file, beacon)
}

#[tokio::test]
async fn every_shape_is_read() {
    let rounds = published();
    let lines: Vec<String> = rounds.iter().map(ToString::to_string).collect();
    let pretty = rounds.iter().map(|round| serde_json::to_string_pretty(round).unwrap()).collect::<String>();
    let array = format!("\n {}", serde_json::to_string_pretty(&rounds).unwrap());
    for content in [lines.join("\n"), lines.join("\n") + "\n\n", pretty, array] {
        let (_file, beacon) = holding(&content);
        assert_eq!(beacon.trust(), Trust::Quicknet);
        for number in [42, 123, 1000, 657_413] {
            let round = beacon.round(number, LATER_MS).await.unwrap().unwrap();
            assert_eq!(round.number(), number);
        }
        assert_eq!(beacon.round(43, LATER_MS).await.unwrap(), None);
        assert!(matches!(beacon.round(0, LATER_MS).await, Err(Error::RoundZero)));
    }
}

#[tokio::test]
async fn the_clock_decides_what_is_published() {
    let (_file, beacon) = holding(&serde_json::to_string(&published()).unwrap());
    let due_ms = beacon.schedule().time_of_ms(1000);
    assert_eq!(beacon.round(1000, due_ms - 1).await.unwrap(), None);
    assert_eq!(beacon.latest(due_ms - 1).await.unwrap().unwrap().number(), 123);
    assert_eq!(beacon.round(1000, due_ms).await.unwrap().unwrap().number(), 1000);
    assert_eq!(beacon.latest(due_ms).await.unwrap().unwrap().number(), 1000);
    assert_eq!(beacon.latest(0).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_may_grow() {
    let (mut file, beacon) = holding("");
    assert_eq!(beacon.round(1000, LATER_MS).await.unwrap(), None);
    writeln!(file, "{}", published_json(1000)).unwrap();
    assert!(beacon.round(1000, LATER_MS).await.unwrap().is_some());
}

#[tokio::test]
async fn a_false_file_is_refused() {
    let good = published_json(1000);
    let moved = good.replace("\"round\":1000", "\"round\":1001");
    let shouted = good.replace("b44679", "B44679");
    let short = good.replace("b44679", "b446");
    let zero = good.replace("\"round\":1000", "\"round\":0");
    let torn = good[..good.len() / 2].to_owned();
    let large = " ".repeat((16 << 20) + 1);
    for content in [&moved, &shouted, &short, &zero, &torn, &large, "[1]", "hello"] {
        let (_file, beacon) = holding(content);
        for number in [1000, 1001] {
            let answer = beacon.round(number, LATER_MS).await;
            if *content == moved && number == 1000 {
                assert_eq!(answer.unwrap(), None);
            } else {
                assert!(matches!(answer, Err(Error::FileContent { .. })), "{answer:?}");
            }
        }
    }
    let nowhere = tempfile::tempdir().unwrap();
    let beacon = Beacon::file(nowhere.path().join("none.json"));
    assert!(matches!(beacon.round(1, LATER_MS).await, Err(Error::File { .. })));
}

/// The `randomness` that comes with a round is never looked at.
#[tokio::test]
async fn the_value_is_computed_and_not_believed() {
    let (_file, honest) = holding(&published_json(1000));
    let (_other_file, lying) = holding(&published_json(1000).replace("fe290bec", "00000000"));
    let honest = honest.round(1000, LATER_MS).await.unwrap();
    assert_eq!(lying.round(1000, LATER_MS).await.unwrap(), honest);
    assert!(honest.unwrap().randomness().to_string().starts_with("fe290bec"));
}
