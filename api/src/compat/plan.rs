//! From requests for chat completions to ordinary jobs: each job is the body of a `POST /v1/jobs`, and is checked and priced
//! as one. And back: what is wrong with such a job, in the words of the request.

use std::collections::{BTreeMap, HashMap};

use actix_web::web;
use actix_web::web::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use intake::MAX_LINE_BYTES;
use protocol::job::MAX_INLINE_PROMPTS;
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat_input::{Asked, ChatRequest, Terms};
use super::line_faults::LineFaults;
use crate::auth::Caller;
use crate::body;
use crate::checkpoints::model;
use crate::error::{ApiError, FieldError};
use crate::jobs::create::{self, Priced};
use crate::jobs::input::{CreateJob, ModelInput};
use crate::jobs::parse::{self, Faults};
use crate::problem::dotted;
use crate::state::AppState;

pub(crate) const ENDPOINT: &str = "/v1/chat/completions";
/// Of one batch.
const MAX_JOBS: usize = 16;
/// Of one batch, however they are put together.
pub(crate) const MAX_REQUESTS: usize = MAX_JOBS * MAX_INLINE_PROMPTS;
/// Faults of one file that are told of.
const MAX_FAULTS: usize = 1000;

/// A line of a batch's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    custom_id: String,
    method: String,
    url: String,
    body: ChatRequest,
}

/// Requests with the same terms, as one job.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) terms: Terms,
    /// As `POST /v1/jobs` takes them.
    prompts: Vec<Value>,
    /// Where each prompt stands in the file, counted from 1.
    lines: Vec<usize>,
}

impl Planned {
    /// A job of one request.
    pub(crate) fn one(terms: Terms, prompt: Value) -> Self {
        Self { terms, prompts: vec![prompt], lines: vec![1] }
    }

    /// Checks and prices the job, as any other. What is wrong is told in the job's words.
    pub(crate) async fn price(
        &mut self,
        state: &AppState,
        caller: Caller,
        until: DateTime<Utc>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Priced, ApiError> {
        let mut faults = Faults::default();
        let named = ModelInput { checkpoint: Some(self.terms.model.clone()), ..ModelInput::default() };
        let model = model::resolve(state, caller, &named, &mut faults).await?;
        let longest = model.standard(&state.offer).longest();
        let usual = model.checkpoint.config.max_position_embeddings / 2;
        let usual = longest.map_or(usual, |longest| usual.min(longest as usize));
        let body = self.body(usual, until, metadata);
        let sampled_p = state.offer.sampled_p;
        let read = web::block(move || {
            let body: CreateJob = serde_json::from_value(body)?;
            Ok::<_, serde_json::Error>(parse::parse(body, model, sampled_p, faults))
        });
        let (draft, faults) = read.await??;
        create::price(state, caller, draft, faults).await
    }

    /// The body that asks for this job, with the `usual` length where none is asked for. It takes the prompts along.
    fn body(&mut self, usual: usize, until: DateTime<Utc>, metadata: &BTreeMap<String, String>) -> Value {
        let Terms { model, n, temperature, top_p, top_k, max_tokens, .. } = &self.terms;
        let max_tokens = max_tokens.unwrap_or(usual.max(1) as i64);
        json!({
            "model": { "checkpoint": model },
            "prompts": std::mem::take(&mut self.prompts),
            // who asks in these words asks for answers, and may sample as they like
            "sampling": { "n": n, "temperature": temperature, "top_p": top_p, "top_k": top_k, "max_tokens": max_tokens,
                "allow_truncated_sampling": true },
            "reward": { "mode": "none" },
            "advantage": { "method": "none" },
            // the same request twice is answered twice
            "dedup": { "mode": "none" },
            "deadline_at": until.to_rfc3339_opts(SecondsFormat::Millis, true),
            "metadata": metadata,
        })
    }

    /// What is wrong with the job, as faults of the lines that it is made of.
    pub(crate) fn explain(&self, errors: Vec<FieldError>, faults: &mut LineFaults) {
        for error in errors {
            let (prompt, pointer) = in_the_request(&error.pointer);
            let at = prompt.and_then(|prompt| self.lines.get(prompt)).or(self.lines.first());
            let is_of_line = pointer.starts_with("#/custom_id");
            let param = dotted(&pointer);
            let param = match pointer.as_str() {
                "#" => "body".to_owned(),
                _ if is_of_line => param,
                _ => format!("body.{param}"),
            };
            faults.add(at.copied(), error.code, error.detail, &param);
        }
    }
}

/// What is wrong with the job of one request, in that request's words.
pub(crate) fn in_its_words(error: ApiError) -> ApiError {
    let ApiError::Validation(errors) = error else { return error };
    let told = |error: FieldError| FieldError { pointer: in_the_request(&error.pointer).1, ..error };
    ApiError::Validation(errors.into_iter().map(told).collect())
}

/// The prompt that a pointer into a job's body is about, and what it is of a request.
fn in_the_request(pointer: &str) -> (Option<usize>, String) {
    if let Some(rest) = pointer.strip_prefix("#/prompts/") {
        let (index, rest) = rest.split_once('/').unwrap_or((rest, "messages"));
        return (index.parse().ok(), format!("#/{rest}"));
    }
    let told = match pointer.strip_prefix("#/sampling") {
        Some(rest) => format!("#{rest}"),
        None if pointer == "#/model/checkpoint" => "#/model".to_owned(),
        None => pointer.to_owned(),
    };
    (None, told)
}

/// Where a request stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) start: u64,
    pub(crate) bytes: u64,
}

/// Requests with the same terms, one job to be. What they say is read again when the job is made: a file is not held whole.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) terms: Terms,
    pub(crate) places: Vec<Place>,
}

impl Way {
    /// With the texts of its lines, each of which was understood before. Takes its time: call it off the async threads.
    pub(crate) fn planned(&self, texts: &[Bytes]) -> Result<Planned, ApiError> {
        let prompt = |text: &Bytes| {
            let line: Line = body::parse(text)?;
            let Asked { messages, .. } = line.body.read(&mut Faults::default());
            Ok::<_, ApiError>(json!({ "custom_id": line.custom_id, "messages": messages }))
        };
        Ok(Planned {
            terms: self.terms.clone(),
            prompts: texts.iter().map(prompt).collect::<Result<_, _>>()?,
            lines: self.places.iter().map(|place| place.line).collect(),
        })
    }
}

/// What a file asks for: its jobs, or everything that is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order in which their first lines stand in the file.
    pub(crate) jobs: Vec<Way>,
    /// Lines that are no white space.
    pub(crate) requests: usize,
    pub(crate) faults: LineFaults,
    lines: usize,
    named: HashMap<String, usize>,
}

impl Plan {
    /// Reads the next line, which begins at `start`. Takes its time on long ones: call it off the async threads.
    pub(crate) fn push(&mut self, line: &intake::Line, start: u64) {
        self.lines += 1;
        let number = self.lines;
        match line {
            intake::Line::TooLong => {
                self.requests += 1;
                let message = format!("the line has more than {MAX_LINE_BYTES} bytes");
                self.faults.add(Some(number), "too_long", message, "");
            }
            intake::Line::Text(text) if text.trim_ascii().is_empty() => {}
            intake::Line::Text(text) => {
                self.requests += 1;
                self.line(Place { line: number, start, bytes: text.len() as u64 }, text);
            }
        }
        self.faults.found.truncate(MAX_FAULTS);
    }

    /// As much is wrong as is told of.
    pub(crate) fn is_full(&self) -> bool {
        self.faults.found.len() >= MAX_FAULTS
    }

    /// The file has ended.
    pub(crate) fn end(&mut self) {
        if self.requests == 0 {
            self.faults.add(None, "empty_file", "the file has no requests".to_owned(), "");
        }
    }

    fn line(&mut self, place: Place, text: &[u8]) {
        let number = place.line;
        let mut fault =
            |code, message: String, param: &str| self.faults.add(Some(number), code, message, param);
        let line: Line = match body::parse(text) {
            Ok(line) => line,
            Err(error) => {
                for error in error.field_errors() {
                    let param = dotted(&error.pointer);
                    fault(error.code, error.detail, if error.pointer == "#" { "" } else { &param });
                }
                return;
            }
        };
        if line.method != "POST" {
            fault("invalid_method", format!("`{}` is not POST", line.method), "method");
        }
        if line.url != ENDPOINT {
            fault("invalid_url", format!("`{}` is not {ENDPOINT}", line.url), "url");
        }
        if let Some(first) = self.named.insert(line.custom_id.clone(), number) {
            let message = format!("`{}` is the custom_id of line {first} too", line.custom_id);
            fault("duplicate_custom_id", message, "custom_id");
        }
        let mut faults = Faults::default();
        let Asked { terms, metadata, .. } = line.body.read(&mut faults);
        if !metadata.is_empty() {
            faults.add("#/metadata", "not_allowed", "a batch has metadata, its lines have none");
        }
        for error in faults.0 {
            fault(error.code, error.detail, &format!("body.{}", dotted(&error.pointer)));
        }
        self.add(place, terms);
    }

    fn add(&mut self, place: Place, terms: Terms) {
        let room = |job: &&mut Way| job.terms == terms && job.places.len() < MAX_INLINE_PROMPTS;
        if let Some(job) = self.jobs.iter_mut().find(room) {
            job.places.push(place);
        } else if self.jobs.len() < MAX_JOBS {
            self.jobs.push(Way { terms, places: vec![place] });
        } else {
            let message = format!(
                "requests are put together by model, sampling, stop and logprobs, at most {MAX_INLINE_PROMPTS} in one \
                     job: this line would begin job {}; a batch has at most {MAX_JOBS}",
                MAX_JOBS + 1
            );
            self.faults.add(Some(place.line), "too_many_jobs", message, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, more: &str) -> String {
        format!(
            r#"{{"custom_id":"{id}","method":"POST","url":"/v1/chat/completions","body":{{"model":"current",
                "messages":[{{"role":"user","content":"x"}}]{more}}}}}"#
        )
        .replace('\n', " ")
    }

    fn read(lines: &[String]) -> Plan {
        let (mut plan, mut start) = (Plan::default(), 0);
        for text in lines {
            plan.push(&intake::Line::Text(text.clone().into_bytes()), start);
            start += text.len() as u64 + 1;
        }
        plan.end();
        plan
    }

    fn lines(way: &Way) -> Vec<usize> {
        way.places.iter().map(|place| place.line).collect()
    }

    #[test]
    fn lines_with_the_same_terms_are_one_job() {
        let lines =
            [line("a", ""), line("b", r#","n":2"#), String::new(), line("c", r#","n":1"#), "  ".to_owned()];
        let plan = read(&lines);
        assert_eq!((plan.requests, &plan.faults.found), (3, &Vec::new()));
        let places: Vec<Vec<usize>> = plan.jobs.iter().map(super::tests::lines).collect();
        assert_eq!(places, [vec![1, 4], vec![2]]);
        // and each is found again where it stands
        let whole = lines.join("\n");
        let texts: Vec<Bytes> = plan.jobs[0]
            .places
            .iter()
            .map(|place| whole.as_bytes()[place.start as usize..][..place.bytes as usize].to_vec().into())
            .collect();
        let names: Vec<Value> = plan.jobs[0]
            .planned(&texts)
            .unwrap()
            .prompts
            .iter()
            .map(|prompt| prompt["custom_id"].clone())
            .collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn a_job_is_full_and_a_batch_is_too() {
        let many: Vec<String> = (0..=MAX_INLINE_PROMPTS).map(|id| line(&id.to_string(), "")).collect();
        let plan = read(&many);
        let sizes: Vec<usize> = plan.jobs.iter().map(|job| job.places.len()).collect();
        assert_eq!(sizes, [MAX_INLINE_PROMPTS, 1]);
        let distinct: Vec<String> =
            (1..=MAX_JOBS + 2).map(|n| line(&n.to_string(), &format!(",\"n\":{n}"))).collect();
        let lines: Vec<_> =
            read(&distinct).faults.found.into_iter().map(|fault| (fault.code, fault.line)).collect();
        assert_eq!(lines, [17, 18].map(|line| ("too_many_jobs".to_owned(), Some(line))));
    }

    #[test]
    fn every_fault_names_its_line_and_member() {
        let lines = [
            "{".to_owned(),
            line("a", r#","tools":[],"x":1"#),
            line("a", r#","seed":1,"metadata":{"k":"v"}"#),
            line("a", "").replace("POST", "GET").replace("completions\"", "complete\""),
            r#"{"custom_id":1}"#.to_owned(),
        ];
        let found: Vec<_> = read(&lines)
            .faults
            .found
            .into_iter()
            .map(|fault| (fault.code, fault.line.unwrap(), fault.param.unwrap_or_default()))
            .collect();
        let mut found: Vec<(&str, usize, &str)> =
            found.iter().map(|(code, line, param)| (code.as_str(), *line, param.as_str())).collect();
        found.sort_by_key(|(_, line, _)| *line);
        let expected = [
            ("invalid_json", 1, ""),
            ("unknown_parameter", 2, "body.tools"),
            ("unknown_parameter", 2, "body.x"),
            ("unsupported_value", 3, "body.seed"),
            ("not_allowed", 3, "body.metadata"),
            ("invalid_method", 4, "method"),
            ("invalid_url", 4, "url"),
            ("duplicate_custom_id", 4, "custom_id"),
            ("invalid_json", 5, "custom_id"),
        ];
        assert_eq!(found, expected);
        assert_eq!(read(&[]).faults.found[0].code, "empty_file");
        assert_eq!(read(&vec!["{".to_owned(); 2 * MAX_FAULTS]).faults.found.len(), MAX_FAULTS);
    }

    #[test]
    fn what_a_line_says_is_not_kept_at_its_length() {
        let long = "x\\u0000".repeat(1 << 20);
        let whole = line("a", "");
        let lines = [
            whole.replace("POST", &long),
            whole.replace("/v1/chat", &long),
            whole.replace("\"a\"", &format!("\"{long}\"")),
            whole.replace("\"a\"", &format!("\"{long}\"")),
            whole.replacen('{', &format!("{{\"{long}\":1,"), 1),
            line("b", &format!(",\"{long}\":1")),
            line("c", &format!(",\"stop\":{{\"{long}\":1}}")),
        ];
        let found = read(&lines).faults.found;
        let mut codes: Vec<&str> = found.iter().map(|fault| fault.code.as_str()).collect();
        codes.dedup();
        let expected =
            ["invalid_method", "invalid_url", "duplicate_custom_id", "unknown_parameter", "invalid_json"];
        assert_eq!(codes, expected, "{found:?}");
        for fault in found {
            let written = serde_json::to_string(&fault).unwrap();
            assert!(written.len() < 4000 && !written.contains("\\u0000"), "{written}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_job_is_told_of_its_lines() {
        let mut plan = read(&[line("a", r#","n":3"#), String::new(), line("b", r#","n":3"#)]);
        let way = plan.jobs.remove(0);
        let job = Planned {
            terms: way.terms,
            prompts: Vec::new(),
            lines: way.places.iter().map(|at| at.line).collect(),
        };
        let field =
            |pointer: &str| FieldError { pointer: pointer.to_owned(), code: "c", detail: "d".to_owned() };
        let pointers = [
            "#/prompts/1/messages",
            "#/prompts/0/custom_id",
            "#/sampling/n",
            "#/model/checkpoint",
            "#/sampling",
        ];
        let mut faults = LineFaults::default();
        job.explain(pointers.map(field).into(), &mut faults);
        let told: Vec<_> =
            faults.found.into_iter().map(|fault| (fault.line.unwrap(), fault.param.unwrap())).collect();
        let expected =
            [(3, "body.messages"), (1, "custom_id"), (1, "body.n"), (1, "body.model"), (1, "body")];
        assert_eq!(told, expected.map(|(line, param)| (line, param.to_owned())));
    }
}
