//! The statement as a table for spreadsheets: RFC 4180, with the members of the JSON as columns.

use serde_json::Value;

use super::ledger_entries::LedgerEntryView;
use crate::error::ApiError;

/// In the order in which the document has them.
const COLUMNS: [&str; 11] = [
    "object",
    "id",
    "type",
    "amount_rao",
    "balance_after_rao",
    "held_after_rao",
    "job_id",
    "rollout_count",
    "quote_id",
    "position",
    "created_at",
];

/// A head, and a line for each entry.
pub(super) fn table(entries: &[LedgerEntryView]) -> Result<String, ApiError> {
    let mut text = COLUMNS.join(",") + "\r\n";
    for entry in entries {
        let entry = serde_json::to_value(entry)?;
        let cells: Vec<String> = COLUMNS.iter().map(|column| cell(&entry[column])).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    Ok(text)
}

/// No cell of a statement is a customer's own words. If one ever is, it is no formula either.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // spreadsheets run what begins like this; a negative number is one
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && text.parse::<i64>().is_err();
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_text_and_never_formulas() {
        for (value, expected) in [
            (json!(null), ""),
            (json!(-5), "-5"),
            (json!("-61440000"), "-61440000"),
            (json!("charge"), "charge"),
            (json!("a,\"b\""), "\"a,\"\"b\"\"\""),
            (json!("=1+1"), "'=1+1"),
            (json!("+1"), "+1"),
            (json!("-1+cmd|' /C calc'!A0"), "'-1+cmd|' /C calc'!A0"),
            (json!("@SUM(A1)"), "'@SUM(A1)"),
            (json!("\t=1"), "'\t=1"),
            (json!("\r=1"), "\"'\r=1\""),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }
}
