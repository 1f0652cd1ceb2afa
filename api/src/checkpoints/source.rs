//! Where customers' weights come from, by name alone: a repository and a commit. Nothing here fetches anything.

use crate::jobs::parse::Faults;

const MAX_PART_CHARS: usize = 96;
const REVISION_CHARS: usize = 40;

/// A repository `owner/name` and a commit of 40 lower-case hexadecimal digits.
pub(super) fn check(hf_repo: &str, revision: &str, at: &str, faults: &mut Faults) {
    let is_repo = hf_repo.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name));
    if !is_repo {
        let detail = format!(
            "`owner/name`, each of at most {MAX_PART_CHARS} letters, digits, `-`, `_` and `.`, beginning with a letter or digit"
        );
        faults.add(format!("{at}/hf_repo"), "invalid_repo", detail);
    }
    let is_hex = revision.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if revision.len() != REVISION_CHARS || !is_hex {
        let detail = "a commit: 40 lower-case hexadecimal digits, since branches and tags move";
        faults.add(format!("{at}/revision"), "invalid_revision", detail);
    }
}

fn is_part(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.len() <= MAX_PART_CHARS
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(hf_repo: &str, revision: &str) -> Vec<&'static str> {
        let mut faults = Faults::default();
        check(hf_repo, revision, "#", &mut faults);
        faults.0.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn a_repository_has_two_plain_parts_and_a_commit_forty_digits() {
        let commit = "0a".repeat(20);
        for repo in ["a/b", "Qwen/Qwen3-0.6B", "0x/1", "a.b/c_d-e"] {
            assert!(faults(repo, &commit).is_empty(), "{repo}");
        }
        let long = "a".repeat(97);
        for repo in [
            "",
            "a",
            "a/",
            "/a",
            "a/b/c",
            "../etc",
            "a/..",
            "a/-b",
            "a/b ",
            "https://x/y",
            "ä/b",
            "a/b\0",
            &long,
        ] {
            assert_eq!(faults(repo, &commit), ["invalid_repo"], "{repo}");
        }
        for revision in ["", "main", &commit.to_uppercase(), &commit[1..], &format!("{commit}0")] {
            assert_eq!(faults("a/b", revision), ["invalid_revision"], "{revision}");
        }
    }
}
