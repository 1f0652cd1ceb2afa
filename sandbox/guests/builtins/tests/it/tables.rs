//! What the parts say about texts that models really write: reference, completion, value. The library's tests and
//! the tests of the module in `sandbox/tests` read the same tables.

/// Args of one part, and its cases.
pub(crate) type Table = (&'static str, &'static [(&'static str, &'static str, f64)]);

pub(crate) const TABLES: &[Table] = &[
    (r#"{"parts": [{"name": "numeric"}]}"#, NUMERIC),
    (r#"{"parts": [{"name": "numeric", "args": {"abs_tolerance": 0.01}}]}"#, NUMERIC_ABS),
    (r#"{"parts": [{"name": "numeric", "args": {"rel_tolerance": 0.01}}]}"#, NUMERIC_REL),
    (r#"{"parts": [{"name": "boxed-math"}]}"#, BOXED_MATH),
    (r#"{"parts": [{"name": "exact-match"}]}"#, EXACT_MATCH),
    (
        r#"{"parts": [{"name": "exact-match", "args": {"ignore_case": true, "after": "Answer:"}}]}"#,
        EXACT_AFTER,
    ),
    (r#"{"parts": [{"name": "exact-match", "args": {"ignore_spaces": false}}]}"#, EXACT_SPACES),
    (r#"{"parts": [{"name": "regex", "args": {"pattern": "^\\s*<think>(?s:.*)</think>"}}]}"#, REGEX),
    (
        r#"{"parts": [{"name": "regex", "args": {"pattern": "(?s).*<a>(.*?)</a>", "capture": 1, "ignore_case": true}}]}"#,
        REGEX_CAPTURE,
    ),
    (r#"{"parts": [{"name": "multiple-choice", "args": {"letters": "ABCD"}}]}"#, MULTIPLE_CHOICE),
    (
        r#"{"parts": [{"name": "json-schema", "args": {"schema": {"type": "object", "required": ["answer"], "additionalProperties": false, "properties": {"answer": {"type": "integer", "minimum": 0}, "steps": {"type": "array", "items": {"type": "string"}, "maxItems": 2}}}}}]}"#,
        JSON_SCHEMA,
    ),
    (
        r#"{"parts": [{"name": "json-schema", "args": {"from": "fence", "schema": {"const": {"a": [1, 2.0], "b": null}}}}]}"#,
        JSON_FENCE,
    ),
    (r#"{"parts": [{"name": "unit-format", "args": {"unit": "km", "format_value": 0.25}}]}"#, UNIT_FORMAT),
    (
        r#"{"parts": [{"name": "unit-format", "args": {"unit": "percent", "abs_tolerance": 0.5}}]}"#,
        UNIT_SHARE,
    ),
    (
        r#"{"parts": [{"name": "length-window", "args": {"unit": "chars", "min": 4, "max": 6, "soft": 4}}]}"#,
        LENGTH_WINDOW,
    ),
    (r#"{"parts": [{"name": "length-window", "args": {"unit": "chars", "max": 3}}]}"#, LENGTH_HARD),
];

const NUMERIC: &[(&str, &str, f64)] = &[
    ("72", "48/2 = 24, and 48 + 24 = 72.", 1.0),
    ("72", "The answer is 72", 1.0),
    ("72", "The answer is 73", 0.0),
    ("72", "72, then I thought about 5", 0.0),
    ("72", "no number here", 0.0),
    ("72", "", 0.0),
    ("7", "72", 0.0),
    ("72", "7", 0.0),
    // commas
    ("1234567", "It costs $1,234,567.", 1.0),
    ("1,234.50", "1234.5", 1.0),
    ("3", "The set is 1,2,3", 1.0),
    ("12", "1, 12", 1.0),
    ("1234", "12,34", 0.0),
    ("5678", "1234,5678", 1.0),
    // signs
    ("-5", "so x = -5.", 1.0),
    ("-5", "so x = 5.", 0.0),
    ("5", "so x = -5.", 0.0),
    ("-5", "so x = \u{2212}5", 1.0),
    ("-5", "it is -$5", 1.0),
    ("+5", "5", 1.0),
    ("5", "10-5", 1.0),
    ("5", "(3)-5", 1.0),
    ("-5", "10 - -5", 1.0),
    ("0", "-0", 1.0),
    ("0", "-0.00", 1.0),
    // decimals and zeros
    ("0.5", ".5", 1.0),
    ("0.5", "0.50", 1.0),
    ("0.5", "0.05", 0.0),
    ("5", "0.5", 0.0),
    ("10", "1", 0.0),
    ("1", "10", 0.0),
    ("007", "7.0", 1.0),
    ("100", "100.00%", 1.0),
    ("0", "000", 1.0),
    ("0.1", "0.10000000000000001", 0.0),
    // the GSM8K line
    ("#### 42", "#### 42", 1.0),
    ("6 * 7 = 42\n#### 42", "It is 42.", 1.0),
    ("42", "6*7=42\n#### 42\nI am sure about this, 100%", 1.0),
    ("42", "#### 41\nno wait\n#### 42 (of 50)", 1.0),
    ("42", "#### unclear\nso 42", 1.0),
    ("{\"answer\": \"72\"}", "72", 1.0),
    // text that is not ASCII
    ("72", "答案是72。", 1.0),
];

const NUMERIC_ABS: &[(&str, &str, f64)] = &[
    ("3.14", "it is 3.1416", 1.0),
    ("3.14", "it is 3.16", 0.0),
    ("-3.14", "3.14", 0.0),
    ("1,000", "999.995", 1.0),
    ("7", "", 0.0),
];

const NUMERIC_REL: &[(&str, &str, f64)] = &[
    ("1000", "1,009.9", 1.0),
    ("1000", "1,010.1", 0.0),
    ("-1000", "-995", 1.0),
    ("0", "0.0001", 0.0),
    ("0", "-0", 1.0),
];

const BOXED_MATH: &[(&str, &str, f64)] = &[
    ("72", "The answer is \\boxed{72}.", 1.0),
    ("72", "The answer is \\boxed{73}.", 0.0),
    ("72", "The answer is 72.", 0.0),
    ("72", "", 0.0),
    ("72", "\\boxed{72", 0.0),
    ("72", "\\boxed{}", 0.0),
    ("72", "\\boxed{71} no, \\boxed{72}", 1.0),
    ("72", "\\boxed{72} no, \\boxed{71}", 0.0),
    ("72", "\\boxed{72} and an open \\boxed{7", 1.0),
    ("so \\boxed{72}", "\\boxed{72}", 1.0),
    // numbers by value
    ("1,234.50", "\\boxed{\\$1234.5}", 0.0),
    ("1,234.50", "\\boxed{$1234.5$}", 1.0),
    ("0.5", "\\boxed{.5}", 1.0),
    ("5", "\\boxed{+5.}", 1.0),
    ("-0", "\\boxed{0}", 1.0),
    ("-5", "\\boxed{5}", 0.0),
    ("1,2", "\\boxed{1,2}", 1.0),
    ("12", "\\boxed{1,2}", 0.0),
    // TeX
    ("\\frac{1}{2}", "\\boxed{\\dfrac{1}{2}}", 1.0),
    ("\\frac{1}{2}", "\\boxed{\\tfrac{1}{2}}", 1.0),
    ("\\frac{1}{2}", "\\boxed{\\frac{1}{3}}", 0.0),
    ("\\frac{1}{\\sqrt{2}}", "so \\boxed{ \\frac{1}{\\sqrt{2}} }", 1.0),
    ("(1, 2]", "\\boxed{\\left( 1,\\,2 \\right]}", 1.0),
    ("x\\leftarrow y", "\\boxed{x\\leftarrow y}", 1.0),
    ("x\\leftarrow y", "\\boxed{xarrow y}", 0.0),
    ("Tuesday", "\\boxed{\\text{Tuesday}}", 1.0),
    ("\\text{a{b}c}", "\\boxed{a{b}c}", 1.0),
    ("x^{2}", "\\boxed{\\mathrm{x}^{2}}", 1.0),
    // boxes in boxes: the last one that begins
    ("72", "\\boxed{\\boxed{72}}", 1.0),
    ("72", "\\boxed{71 \\boxed{72} }", 1.0),
    ("72", "} \\boxed{72} }", 1.0),
    ("72", "{ \\boxed{72}", 1.0),
];

const EXACT_MATCH: &[(&str, &str, f64)] = &[
    ("New York", "New York", 1.0),
    ("New York", "  New \n York ", 1.0),
    ("New York", "new york", 0.0),
    ("New York", "New York.", 0.0),
    ("New York", "", 0.0),
    ("Åse 東京", "Åse\u{a0}東京", 1.0),
];

const EXACT_AFTER: &[(&str, &str, f64)] = &[
    ("Paris", "I think. Answer: Lyon\nAnswer: PARIS", 1.0),
    ("Paris", "Paris", 0.0),
    ("Paris", "Answer: Paris\nAnswer:", 0.0),
    ("ÉTÉ", "Answer: été", 1.0),
];

const EXACT_SPACES: &[(&str, &str, f64)] = &[("a b", "a b", 1.0), ("a b", "a b ", 0.0), ("a b", "a  b", 0.0)];

const REGEX: &[(&str, &str, f64)] = &[
    ("", "<think>\nso\n</think> 72", 1.0),
    ("", " <think></think>", 1.0),
    ("", "72 <think></think>", 0.0),
    ("", "", 0.0),
];

const REGEX_CAPTURE: &[(&str, &str, f64)] =
    &[("72", "<a>71</a> no <A> 72 </A>", 1.0), ("72", "<a>72</a> no <a>71</a>", 0.0), ("72", "<a>72", 0.0)];

const MULTIPLE_CHOICE: &[(&str, &str, f64)] = &[
    ("B", "B", 1.0),
    ("B", "(B)", 1.0),
    ("(B) Paris", "The answer is **B**.", 1.0),
    ("B", "The correct answer is option (B), because A is too small.", 1.0),
    ("B", "Answer: B", 1.0),
    ("B", "ANSWER: $B$", 1.0),
    ("B", "A or B? So \\boxed{\\text{(B)}}.", 1.0),
    ("B", "\\boxed{A}, the answer is B", 0.0),
    ("B", "The answer is A. No: the answer is B.", 1.0),
    ("B", "The answer is B. No: the answer is A.", 0.0),
    ("B", "First, A is wrong.\n\nB. Paris\n", 1.0),
    ("B", "A.\nB) Paris", 1.0),
    ("B", "Because of this", 0.0),
    ("A", "A man walked. The answer is a tricky one", 0.0),
    ("B", "b", 0.0),
    ("B", "E", 0.0),
    ("B", "", 0.0),
    ("C", "答案 the answer is：C。", 1.0),
];

const JSON_SCHEMA: &[(&str, &str, f64)] = &[
    ("", r#"{"answer": 72}"#, 1.0),
    ("", r#" {"answer": 72.0, "steps": ["a", "b"]} "#, 1.0),
    ("", r#"{"answer": -1}"#, 0.0),
    ("", r#"{"answer": 1.5}"#, 0.0),
    ("", r#"{"answer": "72"}"#, 0.0),
    ("", r#"{"steps": []}"#, 0.0),
    ("", r#"{"answer": 72, "steps": ["a", "b", "c"]}"#, 0.0),
    ("", r#"{"answer": 72, "steps": [1]}"#, 0.0),
    ("", r#"{"answer": 72, "more": 1}"#, 0.0),
    ("", r#"{"answer": 72} done"#, 0.0),
    ("", "[]", 0.0),
    ("", "", 0.0),
];

const JSON_FENCE: &[(&str, &str, f64)] = &[
    ("", "So:\n```json\n{\"b\": null, \"a\": [1.0, 2]}\n```\nDone.", 1.0),
    ("", "```\n{}\n```\n ```json\n{\"b\": null, \"a\": [1, 2]}\n ```", 1.0),
    ("", "```json\n{\"b\": null, \"a\": [2, 1]}\n```", 0.0),
    ("", "```json\n{\"b\": null, \"a\": [1, 2]}\n", 0.0),
    ("", "{\"b\": null, \"a\": [1, 2]}", 0.0),
];

const UNIT_FORMAT: &[(&str, &str, f64)] = &[
    ("5", "It is 5 km.", 1.0),
    ("5", "It is 5,000 m", 1.0),
    ("5", "5000m", 1.0),
    ("5", "5.000 kilometers", 1.0),
    ("5", "5-kilometre walk", 1.0),
    ("5", "$5\\text{ km}$", 1.0),
    ("5", "$5\\,\\mathrm{km}$", 1.0),
    ("5 mi", "8.04672 km", 1.0),
    ("5000 m", "5 km in 2 h", 1.0),
    ("5", "6 km", 0.25),
    ("5", "5 km, no, 4 km", 0.25),
    ("5", "5", 0.0),
    ("5", "5 kg", 0.0),
    ("5", "5 kmh", 0.0),
    ("5", "5 km/h", 0.0),
    ("5", "", 0.0),
];

const UNIT_SHARE: &[(&str, &str, f64)] = &[
    ("12.5%", "about 12.1%", 1.0),
    ("12.5", "13 percent", 1.0),
    ("12.5", "$13\\%$", 1.0),
    ("12.5", "11.9 %", 0.0),
];

const LENGTH_WINDOW: &[(&str, &str, f64)] = &[
    ("", "", 0.0),
    ("", "abc", 0.75),
    ("", "abcd", 1.0),
    ("", "äöü東京x", 1.0),
    ("", "abcdefg", 0.75),
    ("", "abcdefghi", 0.25),
    ("", "abcdefghij", 0.0),
];

const LENGTH_HARD: &[(&str, &str, f64)] = &[("", "", 1.0), ("", "abc", 1.0), ("", "abcd", 0.0)];

/// References that a part refuses: args, reference.
pub(crate) const UNGRADABLE: &[(&str, &str)] = &[
    (
        r#"{"parts": [{"name": "length-window", "args": {"max": 3}}, {"name": "numeric", "as": "answer"}]}"#,
        "",
    ),
    (r#"{"parts": [{"name": "numeric", "as": "answer"}]}"#, "none"),
    (r#"{"parts": [{"name": "boxed-math", "as": "answer"}]}"#, ""),
    (r#"{"parts": [{"name": "boxed-math", "as": "answer"}]}"#, " $ $ "),
    (r#"{"parts": [{"name": "boxed-math", "as": "answer"}]}"#, "\\boxed{}"),
    (r#"{"parts": [{"name": "exact-match", "as": "answer"}]}"#, " \n"),
    (r#"{"parts": [{"name": "regex", "as": "answer", "args": {"pattern": "(.)", "capture": 1}}]}"#, " "),
    (r#"{"parts": [{"name": "multiple-choice", "as": "answer"}]}"#, "F"),
    (r#"{"parts": [{"name": "unit-format", "as": "answer", "args": {"unit": "km"}}]}"#, "far"),
];
