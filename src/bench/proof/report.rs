//! The proof table as JSON, for the terminal, as a document and as a picture: one set of numbers in four forms.

use std::fmt::Write as _;

use calibration::{EXACT, HONEST, LEGACY_BYTES, LENGTHS, Row, TOPLOC_BYTES, fit};
use grail::calibration::FalseRejects;
use grail::projection::Width;
use grail::record::RecordKind;
use serde_json::{Value, json};

use super::Results;

/// The goal: each cheat is caught this often at 128 tokens in some channel of ours.
const GOAL: f64 = 0.99;
/// A column of the table: its title, and where its rows are.
struct Column {
    title: String,
    /// `None` stands for class exact.
    class: Option<String>,
    scheme: &'static str,
}

/// One cell in the results: the class it belongs to (none for class exact) and the row.
type Cell<'r> = (Option<&'r str>, &'r Row);

impl Results {
    fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        let exact = self.exact.rows.iter().map(|row| (None, row));
        let classes = self.findings.iter();
        exact.chain(classes.flat_map(|f| f.rows.iter().map(|row| (Some(f.class.as_str()), row))))
    }

    fn cheats(&self) -> Vec<&str> {
        let mut cheats: Vec<&str> = self.exact.rows.iter().map(|row| row.cheat.as_str()).collect();
        cheats.dedup();
        cheats
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![Column { title: "exact".to_owned(), class: None, scheme: EXACT }];
        for findings in &self.findings {
            let class = Some(findings.class.clone());
            columns.push(Column { title: findings.class.clone(), class, scheme: "grail-r1/k16" });
        }
        let first = self.findings.first().map(|findings| findings.class.clone());
        for (title, scheme) in [
            ("k=8", "grail-r1/k8"),
            ("state", "grail-r1/k16/activation"),
            ("log-prob", "grail-r1/k16/logprob"),
            ("draw", "grail-r1/k16/seed"),
            ("differential", "grail-r1/k16/differential"),
            ("legacy", "legacy"),
            ("TOPLOC-style", "toploc"),
            ("seed only", "seed-only"),
        ] {
            columns.push(Column { title: title.to_owned(), class: first.clone(), scheme });
        }
        columns
    }

    fn rate(&self, column: &Column, cheat: &str, tokens: usize) -> Option<f64> {
        let fits = |(class, row): &Cell<'_>| {
            class.map(str::to_owned) == column.class
                && row.scheme == column.scheme
                && row.cheat == cheat
                && row.tokens == tokens
        };
        self.cells()
            .find(fits)
            .filter(|(_, row)| row.n > 0)
            .map(|(_, row)| row.detected as f64 / row.n as f64)
    }

    /// All calibrated pairs of engines together.
    fn false_rejects(&self) -> FalseRejects {
        let rates = self.findings.iter().flat_map(|findings| &findings.false_rejects);
        let (rejected, n) = rates.fold((0, 0), |(r, n), (_, [_, k16])| (r + k16.rejected, n + k16.n));
        fit::false_rejects(calibration::TARGET, rejected, n)
    }
}

pub(super) fn json(results: &Results) -> String {
    let rows: Vec<Value> = results
        .cells()
        .map(|(class, row)| {
            let scheme = class.map_or_else(|| row.scheme.clone(), |class| format!("{} ({class})", row.scheme));
            let detected = row.detected as f64 / row.n.max(1) as f64;
            json!({ "cheat": row.cheat, "scheme": scheme, "tokens": row.tokens, "detected": detected, "n": row.n })
        })
        .collect();
    let rate = results.false_rejects();
    let ratios: serde_json::Map<String, Value> =
        results.speed.shapes.iter().map(|shape| (shape.name.to_owned(), json!(shape.ratio()))).collect();
    let shares: serde_json::Map<String, Value> = results
        .speed
        .shapes
        .iter()
        .map(|shape| (shape.name.to_owned(), json!(shape.audit_share())))
        .collect();
    json!({
        "rows": rows,
        "false_reject": { "rate": rate.rejected as f64 / rate.n.max(1) as f64, "n": rate.n, "upper95": rate.upper95 },
        "bytes_per_token": bytes_per_token(),
        "verify_vs_torch": ratios,
        "audit_share_of_generation": shares,
        "l0_tokens_per_s_per_core": results.speed.l0,
    })
    .to_string()
}

fn bytes_per_token() -> Value {
    json!({
        EXACT: RecordKind::Fingerprint.bytes(),
        "grail-r1/k16": RecordKind::Projection(Width::K16).bytes(),
        "grail-r1/k8": RecordKind::Projection(Width::K8).bytes(),
        "legacy": LEGACY_BYTES,
        "toploc": TOPLOC_BYTES,
        "seed-only": 0,
    })
}

/// The table at 128 tokens, the false rejects and the speeds.
pub(super) fn terminal(results: &Results) -> String {
    let columns = results.columns();
    let mut out = format!("caught at 128 tokens\n{:<28}", "");
    for column in &columns {
        let _ = write!(out, " {:>12}", column.title);
    }
    for cheat in results.cheats() {
        let _ = write!(out, "\n{cheat:<28}");
        for column in &columns {
            let rate = results.rate(column, cheat, 128);
            let _ = write!(out, " {:>12}", rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.3}")));
        }
    }
    out.push_str("\n\n");
    out.push_str(&summary(results));
    out
}

/// False rejects, goals missed, speeds.
fn summary(results: &Results) -> String {
    let mut out = String::new();
    let mut line = |name: &str, rate: &FalseRejects| {
        let _ = writeln!(
            out,
            "- false rejects, {name}: {} of {} (95 % upper bound {:.1e})",
            rate.rejected, rate.n, rate.upper95
        );
    };
    line("exact", &results.exact.false_rejects);
    for findings in &results.findings {
        for (miner, [k8, k16]) in &findings.false_rejects {
            line(&format!("{miner} judged by {}, k = 16", findings.verifier), k16);
            line(&format!("{miner} judged by {}, k = 8", findings.verifier), k8);
        }
    }
    line("all calibrated pairs at k = 16 (each has its own limits)", &results.false_rejects());
    for column in results.columns().iter().take(1 + results.findings.len()) {
        let missed: Vec<String> = results
            .cheats()
            .iter()
            .filter_map(|cheat| Some((cheat, results.rate(column, cheat, 128)?)))
            .filter(|(_, rate)| *rate < GOAL)
            .map(|(cheat, rate)| format!("{cheat} ({rate:.2})"))
            .collect();
        let missed = if missed.is_empty() { "nothing".to_owned() } else { missed.join(", ") };
        let _ = writeln!(
            out,
            "- caught less often than {GOAL} at 128 tokens in class {}: {missed}",
            column.title
        );
    }
    for shape in &results.speed.shapes {
        let torch = shape.ratio().map_or_else(
            || "PyTorch was not measured (set RELIQUARY_TORCH_PYTHON)".to_owned(),
            |ratio| format!("{ratio:.2} × PyTorch f32 at the same work"),
        );
        let _ = writeln!(
            out,
            "- {}: a full audit at {:.0} tokens/s on 2 threads, {torch}; it takes {:.0} % of the time that generating \
             the same group takes",
            shape.name,
            shape.verify,
            shape.audit_share() * 100.0
        );
    }
    let _ = writeln!(out, "- L0 (ranges, chain, signature): {:.0} tokens/s per core", results.speed.l0);
    out
}

pub(super) fn document(results: &Results) -> String {
    let columns = results.columns();
    let mut out = format!(
        "# The proof table\n\n\
         Generated by `cargo run --release -- bench proof`; do not edit. Rates of detection on {} rollouts of each cheat (a \
         third of them 512 tokens long,\nthe others 128; shorter lengths are their first tokens), with limits fitted to {} \
         honest rollouts per pair of engines. All schemes see the same\nrollouts. A cell holds the rates at 32 / 128 / 512 \
         tokens.\n\n![detection by cheat and scheme](proof-table.svg)\n\n{}\n",
        results.size.controls,
        results.size.fit,
        summary(results)
    );
    out.push_str("\n| cheat |");
    for column in &columns {
        let _ = write!(out, " {} |", column.title);
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(columns.len()));
    for cheat in results.cheats().into_iter().chain([HONEST]) {
        let _ = write!(out, "\n| `{cheat}` |");
        for column in &columns {
            let rates = LENGTHS.map(|tokens| {
                let rate = results.rate(column, cheat, tokens);
                rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.2}"))
            });
            let _ = write!(out, " {} |", rates.join(" / "));
        }
    }
    out.push_str("\n\n");
    out.push_str(&NOTES.replace("{n}", &results.size.controls.to_string()));
    let _ = writeln!(out, "\nBytes per token: `{}`.", bytes_per_token());
    out
}

const NOTES: &str = "\
## How to read it

- **exact**: miner and verifier run our engine; every bit of state, log-prob and draw must agree.
- **bf16 by f32**, **bf16 by bf16**, **f32 by f32**: class `calibrated` with k = 16, the miner's arithmetic judged by the verifier's. The miners are the
  foreign engines of `crates/foreign` (another accumulation order, bf16 rounding, eager or tiled attention); *bf16 by bf16* judges one bf16 kernel by another, as a
  verifier does that runs the miner's data type. A rollout counts as caught when a limit is exceeded or the differential test is won by an alternative.
- **k=8** to **seed only** are measured in the first calibrated class. *state*, *log-prob* and *draw* are the channels on their own, *differential* the test
  against known alternatives (previous checkpoint, int8, fp8; for `stale_n` that checkpoint, as if it were the previous one).
- **legacy**: the deployed rule (tolerance 5000 + 5·√position, 32 challenged positions). **TOPLOC-style**: the 128 largest activations of every 32 tokens, its three
  statistics with limits fitted to the same honest rollouts at the same false-reject rate. **seed only**: CDF misses alone, no states sent.
- The row `honest` holds false rejects by length, without the differential test. Production runs that test on a share of audits, always on a
  checkpoint new to a miner and at a second look; here it ran on every rollout with other weights. It knows the alternatives' exact weights: a miner
  that quantises otherwise is seen by the limits alone.
- With n rollouts all caught, the rate is above 1 - 3/n with 95 % confidence; {n} of each at 32 and 128 tokens, a third of that at 512. Limits of the
  rival schemes do not depend on length; ours do.
- EOS does not end these rollouts, so that every length is measured on one model; text after a natural end is off the model's training.
- `stale_n`: n training steps away at a rate of 1e-5 (models/README.md); bf16 weights swallow most of what such a step changes. `drafted_by_int4`: text sampled by
  an int4 model under the right seeds, then prefilled honestly. `edited_logprobs`: 0.5 taken off all, or off a quarter of the positions.
";

/// Sizes of the picture's grid.
const LEFT: usize = 210;
const TOP: usize = 92;
const WIDE: usize = 84;
const HIGH: usize = 22;

/// The table as a grid: each cell has the three lengths side by side, from red (never caught) to green (always).
pub(super) fn picture(results: &Results) -> String {
    let (columns, cheats) = (results.columns(), results.cheats());
    let (width, height) = (LEFT + columns.len() * WIDE + 20, TOP + cheats.len() * HIGH + 40);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\">Share of cheats caught at 32, 128 and 512 tokens</text>\n"
    );
    for (c, column) in columns.iter().enumerate() {
        let (x, y) = (LEFT + c * WIDE + WIDE / 2, TOP - 12);
        let weight = if c < columns.len() - 3 { "bold" } else { "normal" };
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-weight=\"{weight}\" font-size=\"11\">{}</text>",
            column.title
        );
    }
    for (r, cheat) in cheats.iter().enumerate() {
        let y = TOP + r * HIGH;
        let _ =
            writeln!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{cheat}</text>", LEFT - 10, y + 15);
        for (c, column) in columns.iter().enumerate() {
            let part = (WIDE - 6) / LENGTHS.len();
            for (l, tokens) in LENGTHS.into_iter().enumerate() {
                let Some(rate) = results.rate(column, cheat, tokens) else { continue };
                let x = LEFT + c * WIDE + l * part;
                let _ = writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{}\"><title>{cheat}, {}, {tokens} tokens: \
                     {rate:.3}</title></rect>",
                    part - 1,
                    HIGH - 2,
                    colour(rate),
                    column.title
                );
            }
        }
    }
    let y = TOP + cheats.len() * HIGH + 24;
    for (step, rate) in [0.0, 0.5, 0.9, 0.99, 1.0].into_iter().enumerate() {
        let x = LEFT + step * 90;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"22\" height=\"14\" fill=\"{}\"/><text x=\"{}\" y=\"{y}\">{rate}</text>",
            y - 11,
            colour(rate),
            x + 28
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Dark red for 0 over yellow to green for 1; what reaches the goal is the full green.
fn colour(rate: f64) -> String {
    if rate >= GOAL {
        return "#1a9850".to_owned();
    }
    let mix = |from: [f64; 3], to: [f64; 3], at: f64| {
        let channel = |i: usize| (from[i] + (to[i] - from[i]) * at) as u8;
        format!("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2))
    };
    let (red, yellow, green) = ([178.0, 24.0, 43.0], [254.0, 224.0, 139.0], [145.0, 207.0, 96.0]);
    if rate < 0.5 { mix(red, yellow, rate * 2.0) } else { mix(yellow, green, rate * 2.0 - 1.0) }
}
