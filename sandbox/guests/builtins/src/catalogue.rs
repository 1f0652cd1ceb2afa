//! What the built-in reward can do, for `GET /v1/reward_functions/builtins` and its documentation.

/// One part: its name, what it does, and what its args may be.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: &'static str,
    pub summary: &'static str,
    /// JSON Schema of `args`, as JSON.
    pub args_schema: &'static str,
    /// An `args` that [`crate::check`] takes, as JSON.
    pub example: &'static str,
}

/// Every part, in the order in which it is documented.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        name: "exact-match",
        summary: "1 when the completion, or what follows the last `after` in it, is the reference.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "properties": {
            "ignore_case": {"type": "boolean", "default": false},
            "ignore_spaces": {"type": "boolean", "default": true, "description": "White space at the ends counts as none, elsewhere as one space."},
            "after": {"type": "string", "maxLength": 256, "description": "Marker; a completion without it gets 0."}}}"#,
        example: r#"{"after": "Answer:", "ignore_case": true}"#,
    },
    Entry {
        name: "regex",
        summary: "1 when the pattern is found; with `capture`, when that group of the first match is the reference.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "required": ["pattern"], "properties": {
            "pattern": {"type": "string", "maxLength": 512, "description": "Syntax of the Rust crate regex-lite: no look-around or back-references; \\d, \\w and \\s are ASCII. At most about 250 steps, counted repetitions written out."},
            "ignore_case": {"type": "boolean", "default": false, "description": "ASCII letters only."},
            "capture": {"type": "integer", "minimum": 0, "maximum": 16, "description": "Start the pattern with (?s).* for the last match."}}}"#,
        example: r#"{"pattern": "(?s).*<answer>(.*?)</answer>", "capture": 1}"#,
    },
    Entry {
        name: "numeric",
        summary: "1 when the number after the last `####`, else the last number, is the reference's.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "properties": {
            "abs_tolerance": {"type": "number", "minimum": 0, "default": 0},
            "rel_tolerance": {"type": "number", "minimum": 0, "maximum": 1, "default": 0, "description": "Of the reference. With both at 0, digits must be the same."}}}"#,
        example: r#"{"abs_tolerance": 1e-6}"#,
    },
    Entry {
        name: "boxed-math",
        summary: "1 when the content of the last \\boxed{...} is the reference's, after normalising TeX and numbers.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "properties": {}}"#,
        example: "{}",
    },
    Entry {
        name: "multiple-choice",
        summary: "1 when the completion chooses the reference's letter: in \\boxed{}, after `answer`, or on its last line.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "properties": {
            "letters": {"type": "string", "pattern": "^[A-Z]+$", "minLength": 2, "maxLength": 26, "default": "ABCDE"}}}"#,
        example: r#"{"letters": "ABCD"}"#,
    },
    Entry {
        name: "json-schema",
        summary: "1 when the completion, or its last fenced block, is JSON that the schema takes.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "required": ["schema"], "properties": {
            "schema": {"type": ["object", "boolean"], "description": "type, enum, const, properties, required, additionalProperties, minProperties, maxProperties, items, prefixItems, minItems, maxItems, uniqueItems, minLength, maxLength, pattern, minimum, maximum, exclusiveMinimum, exclusiveMaximum, allOf, anyOf, oneOf, not; annotations. Any other keyword is refused."},
            "from": {"enum": ["text", "fence"], "default": "text"}}}"#,
        example: r#"{"from": "fence", "schema": {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "integer"}}}}"#,
    },
    Entry {
        name: "unit-format",
        summary: "1 when the last number with a unit of the wanted kind is the reference after conversion.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "required": ["unit"], "properties": {
            "unit": {"type": "string", "description": "The reference's unit: mm cm m km in ft yd mi, mg g kg t oz lb, ms s min h d, ml cl L gal, m/s km/h mph, %, or one in words."},
            "abs_tolerance": {"type": "number", "minimum": 0, "default": 0, "description": "In `unit`."},
            "rel_tolerance": {"type": "number", "minimum": 0, "maximum": 1, "default": 1e-9},
            "format_value": {"type": "number", "minimum": 0, "maximum": 1, "default": 0, "description": "For a wrong number with a right kind of unit."}}}"#,
        example: r#"{"unit": "km", "rel_tolerance": 0.01, "format_value": 0.2}"#,
    },
    Entry {
        name: "length-window",
        summary: "1 while the length is from `min` to `max`, falling to 0 over `soft` more or fewer.",
        args_schema: r#"{"type": "object", "additionalProperties": false, "required": ["max"], "properties": {
            "unit": {"enum": ["tokens", "chars"], "default": "tokens"},
            "min": {"type": "integer", "minimum": 0, "default": 0},
            "max": {"type": "integer", "minimum": 0},
            "soft": {"type": "integer", "minimum": 0, "default": 0}}}"#,
        example: r#"{"min": 16, "max": 512, "soft": 128}"#,
    },
];
