//! What an export may be: parsed once, alone or as part of a job.

use export::{Compression, Filter, Format};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::FieldError;

/// A file of a job's delivered rollouts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "format": "tinker", "compression": "zstd", "filter": { "min_reward": 0.5 } }))]
pub(crate) struct CreateExport {
    /// `jsonl`, `parquet`, `arrow`, `tinker`, `together-rl`, `trl`, `trl-async`, `verl`, `verl-dump`, `verl-prompts`,
    /// `openrlhf`, `prime-rl`, `prime-rl-traces`, `skyrl`, `nemo-rl`, `nemo-gym`, `slime`, `areal`, `art`, `dpo` or `sft`.
    #[schema(example = "tinker")]
    format: String,
    /// `none` or `zstd`. What is in columns (`parquet`, `arrow`, `verl-prompts`) has zstd inside and takes no other.
    #[schema(example = "zstd")]
    compression: Option<String>,
    #[serde(default)]
    filter: ExportFilter,
}

/// Which of the delivered rollouts: all conditions that are given hold.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ExportFilterInput)]
pub(crate) struct ExportFilter {
    min_reward: Option<f64>,
    max_reward: Option<f64>,
    min_abs_advantage: Option<f64>,
    /// `stop` or `length`.
    #[schema(example = "stop")]
    finish_reason: Option<String>,
    /// `false`: none of which every token is masked.
    masked: Option<bool>,
}

/// An export that can be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExportSpec {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) filter: Filter,
}

impl CreateExport {
    /// Everything in this format.
    pub(crate) fn of(format: String) -> Self {
        Self { format, compression: None, filter: ExportFilter::default() }
    }

    /// Everything that is wrong with it goes to `faults`; `at` is where it stands in the body.
    pub(crate) fn parse(self, at: &str, faults: &mut Vec<FieldError>) -> Option<ExportSpec> {
        let before = faults.len();
        let mut fault = |name: &str, code, detail: String| {
            faults.push(FieldError { pointer: format!("{at}/{name}"), code, detail });
        };
        let format = Format::parse(&self.format);
        if format.is_none() {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
            let detail = format!("`{}` is no format; there are {}", self.format, known.join(", "));
            fault("format", "unknown_format", detail);
        }
        let inside = format.is_some_and(Format::is_compressed_inside);
        let default = if inside { Compression::Zstd } else { Compression::None };
        let compression = match self.compression.as_deref().map(Compression::parse) {
            None => default,
            Some(Some(Compression::None)) if inside => {
                fault("compression", "unsupported_value", "columns are compressed with zstd".to_owned());
                default
            }
            Some(Some(given)) => given,
            Some(None) => {
                fault("compression", "unsupported_value", "`none` or `zstd`".to_owned());
                default
            }
        };
        let filter = self.filter.parse(&mut fault);
        if faults.len() > before {
            return None;
        }
        Some(ExportSpec { format: format?, compression, filter })
    }
}

impl ExportFilter {
    fn parse(self, fault: &mut impl FnMut(&str, &'static str, String)) -> Filter {
        let finish_reason = self.finish_reason.and_then(|given| {
            let parsed = serde_json::from_value(given.clone().into()).ok();
            if parsed.is_none() {
                let detail = format!("`{given}` is neither `stop` nor `length`");
                fault("filter/finish_reason", "unsupported_value", detail);
            }
            parsed
        });
        for (name, value) in [
            ("min_reward", self.min_reward),
            ("max_reward", self.max_reward),
            ("min_abs_advantage", self.min_abs_advantage),
        ] {
            if value.is_some_and(|value| !value.is_finite()) {
                fault(&format!("filter/{name}"), "out_of_range", "not a finite number".to_owned());
            }
        }
        if let (Some(least), Some(most)) = (self.min_reward, self.max_reward)
            && least > most
        {
            let detail = format!("nothing is at least {least} and at most {most}");
            fault("filter/max_reward", "out_of_range", detail);
        }
        Filter {
            min_reward: self.min_reward,
            max_reward: self.max_reward,
            min_abs_advantage: self.min_abs_advantage,
            finish_reason,
            masked: self.masked,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(body: Value) -> Result<ExportSpec, Vec<(String, &'static str)>> {
        let mut faults = Vec::new();
        let spec = serde_json::from_value::<CreateExport>(body).unwrap().parse("#", &mut faults);
        spec.ok_or_else(|| faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect())
    }

    #[test]
    fn defaults_follow_the_format() {
        let spec = |format: &str| parse(json!({ "format": format })).unwrap().compression;
        assert_eq!((spec("tinker"), spec("parquet")), (Compression::None, Compression::Zstd));
        let filtered =
            parse(json!({ "format": "sft", "filter": { "min_reward": 1, "finish_reason": "stop" } }));
        assert_eq!(filtered.unwrap().filter.min_reward, Some(1.0));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = parse(json!({
            "format": "csv", "compression": "gzip",
            "filter": { "finish_reason": "eos", "min_reward": 2, "max_reward": 1 },
        }));
        let pointers: Vec<String> = faults.unwrap_err().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["#/format", "#/compression", "#/filter/finish_reason", "#/filter/max_reward"]);
        let faults = parse(json!({ "format": "parquet", "compression": "none" }));
        assert_eq!(faults.unwrap_err(), [("#/compression".to_owned(), "unsupported_value")]);
    }
}
