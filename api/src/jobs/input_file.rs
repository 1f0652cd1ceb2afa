//! The file of a job, instead of prompts in its body: what may stand beside it, and whether it is there to be read.

use chrono::{DateTime, Utc};
use intake::PromptInput;
use protocol::job::max_prompts;
use protocol::{FileId, JobId, Rao};
use store::files::Purpose;
use store::job_conditions::Conditions;
use store::{PgConnection, job_inputs};

use super::parse::{Faults, Input};
use super::selection::Selection;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

const POINTER: &str = "#/input_file_id";
/// Jobs of one project whose files wait to be read.
const MOST_AT_ONCE: i64 = 16;

/// Checks what needs no database.
pub(super) fn parse(
    given: &str,
    prompts: &[PromptInput],
    conditions: &Conditions,
    faults: &mut Faults,
) -> Input {
    if !prompts.is_empty() {
        faults.add(POINTER, "not_allowed", "give `prompts` or `input_file_id`, not both");
    }
    if conditions.open {
        let detail = "an open job begins with the prompts of its body, or with none";
        faults.add("#/open", "not_allowed", detail);
    }
    if let Ok(file) = given.parse() {
        Input::File(file)
    } else {
        unknown(faults);
        Input::Prompts(Vec::new())
    }
}

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread {
    /// Each is a prompt, if nothing is wrong with it. `None`: the upload is from before they were counted.
    pub(super) lines: Option<u32>,
    pub(super) sha256: [u8; 32],
}

/// Looks whether the file is this project's, one of prompts, and not too long. It may be deleted until the job is written.
pub(super) async fn look(
    state: &AppState,
    caller: Caller,
    file: FileId,
    selection: &Selection,
    faults: &mut Faults,
) -> Result<Option<Unread>, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let Some(file) = store::files::find(&mut conn, caller.project, file).await? else {
        unknown(faults);
        return Ok(None);
    };
    let most = max_prompts(caller.mode);
    if file.purpose != Purpose::JobInput {
        let detail = format!("its purpose is `{}`; a job reads files of `job_input`", file.purpose.as_str());
        faults.add(POINTER, "wrong_purpose", detail);
    } else if file.bytes == 0 {
        faults.add(POINTER, "empty_file", "the file has no bytes");
    } else if let Some(lines) = file.lines.filter(|lines| *lines > most as i64) {
        faults.add(POINTER, "too_many", format!("the file has {lines} lines; at most {most} in one job"));
    } else if let (Some(lines), Some(target)) = (file.lines, selection.terms.refill.target())
        && i64::from(target.groups) > lines
    {
        let detail = format!("{} is not from 1 to {lines}, the number of prompts", target.groups);
        faults.add("#/selection/target_groups", "out_of_range", detail);
    }
    Ok(Some(Unread { lines: file.lines.and_then(|lines| u32::try_from(lines).ok()), sha256: file.sha256 }))
}

/// What is answered when a job's figures are asked for and nobody knows how many prompts it has.
pub(super) fn uncounted() -> ApiError {
    let mut faults = Faults::default();
    faults.add(POINTER, "not_allowed", "the file is from before lines were counted: upload it again");
    ApiError::Validation(faults.0)
}

fn unknown(faults: &mut Faults) {
    faults.add(POINTER, "unknown_file", "you have no such file");
}

/// Ties the file to the new job, which holds nothing before the file is read.
pub(super) async fn attach(
    tx: &mut PgConnection,
    caller: Caller,
    job: JobId,
    file: FileId,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    store::ledger::hold(tx, caller.account, job, Rao::ZERO, now).await?;
    if job_inputs::waiting(tx, caller.project).await? >= MOST_AT_ONCE {
        return Err(ApiError::TooManyAtOnce {
            what: "jobs whose files are read",
            limit: MOST_AT_ONCE as usize,
        });
    }
    if job_inputs::create(tx, caller.tenant(), job, file, now).await? {
        return Ok(());
    }
    let mut faults = Faults::default();
    unknown(&mut faults);
    Err(ApiError::Validation(faults.0))
}
