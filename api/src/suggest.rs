//! Did you mean …?

/// Below this a name is no typing error of another.
const LIKELY: f64 = 0.8;

/// The known name that was most likely meant.
pub(crate) fn closest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // what is that long was never meant to be one of ours, and would take its time
    if given.len() > 64 {
        return None;
    }
    let scored = known.map(|name| (strsim::jaro_winkler(given, name), name));
    scored.filter(|(score, _)| *score >= LIKELY).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_recognised_and_other_words_are_not() {
        let known = ["prompts", "sampling", "metadata", "max_tokens", "temperature"];
        let meant = |given| closest(given, known.into_iter());
        assert_eq!(meant("prompt"), Some("prompts"));
        assert_eq!(meant("smapling"), Some("sampling"));
        assert_eq!(meant("max_token"), Some("max_tokens"));
        assert_eq!(meant("maxTokens"), Some("max_tokens"));
        for other in ["", "x", "stream", "ä", &"p".repeat(1000)] {
            assert_eq!(meant(other), None, "{other}");
        }
    }
}
