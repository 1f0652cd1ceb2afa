//! Values of the parts, and how they add up.

use builtins::{Sample, grade};

use crate::tables::{TABLES, UNGRADABLE};

fn metadata(args: &str) -> String {
    format!(r#"{{"topic": "clips", "args": {args}}}"#)
}

fn sample(text: &str) -> Sample<'_> {
    Sample { text, tokens: text.len() / 4 }
}

#[test]
fn tables() {
    for (args, cases) in TABLES {
        for (reference, completion, wanted) in *cases {
            let graded = grade(reference, &metadata(args), &[sample(completion)]).unwrap();
            assert_eq!(graded[0].reward, *wanted, "{args}: {reference:?} against {completion:?}");
            assert_eq!(graded[0].parts[0].1, *wanted);
        }
    }
}

#[test]
fn a_reference_that_cannot_be_graded_names_the_part() {
    for (args, reference) in UNGRADABLE {
        let why = grade(reference, &metadata(args), &[sample("72")]).unwrap_err();
        assert!(why.starts_with("part `answer`: the reference "), "{args} {reference:?}: {why}");
    }
}

#[test]
fn weights_add_up_in_order_and_values_stay_unweighted() {
    let args = r#"{"parts": [
        {"name": "numeric", "weight": 2, "as": "answer"},
        {"name": "regex", "weight": 0.1, "args": {"pattern": "[#]{4}"}, "as": "format"},
        {"name": "length-window", "weight": -0.7, "args": {"max": 4, "soft": 4}}]}"#;
    let samples = [sample("#### 72"), sample("it must have been 71, I think")];
    let graded = grade("72", &metadata(args), &samples).unwrap();
    let parts =
        |a, f, l| vec![("answer".to_owned(), a), ("format".to_owned(), f), ("length-window".to_owned(), l)];
    assert_eq!(graded[0].parts, parts(1.0, 1.0, 1.0));
    assert_eq!(graded[0].reward, 2.0 + 0.1 - 0.7);
    assert_eq!(graded[1].parts, parts(0.0, 0.0, 0.25));
    assert_eq!(graded[1].reward, -0.7 * 0.25);
    assert_eq!(grade("72", &metadata(args), &[]).unwrap(), []);
}

#[test]
fn metadata_without_args_is_said_so() {
    for (metadata, wanted) in [
        ("{}", "metadata: the field `args` is required"),
        (r#"{"args": null}"#, "metadata: the field `args` is required"),
        ("[]", "metadata: "),
        ("", "metadata: "),
        (r#"{"args": {"parts": []}}"#, "metadata: args/parts: required: "),
        (r#"{"args": {"parts": [{"name": "x"}]}}"#, "metadata: args/parts/0/name: unsupported_value: "),
    ] {
        let why = grade("72", metadata, &[sample("72")]).unwrap_err();
        assert!(why.starts_with(wanted), "{metadata}: {why}");
    }
}
