//! The file of a job, instead of prompts in its body: what may stand beside it, and whether it is there to be read.

use chrono::{DateTime, Utc};
use intake::PromptInput;
use protocol::{FileId, JobId, Rao};
use store::files::Purpose;
use store::job_conditions::Conditions;
use store::{PgConnection, job_inputs};

use super::parse::{Faults, Input};
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
    if conditions.quote.is_some() {
        let detail = "a quote is for prompts in the body: a file's price is known once it is read";
        faults.add("#/quote", "not_allowed", detail);
    }
    if let Ok(file) = given.parse() {
        Input::File(file)
    } else {
        unknown(faults);
        Input::Prompts(Vec::new())
    }
}

/// What is answered at once can say nothing of a file.
pub(crate) fn refuse(input: &Input, what: &str, faults: &mut Faults) {
    if let Input::File(_) = input {
        let detail =
            format!("{what} is made from prompts in the body: a file's price is known once it is read");
        faults.add(POINTER, "not_allowed", detail);
    }
}

/// Checks that the file is this project's, and one of prompts. It may be deleted until the job is written.
pub(super) async fn check(
    state: &AppState,
    caller: Caller,
    file: FileId,
    faults: &mut Faults,
) -> Result<(), ApiError> {
    let mut conn = state.tenant(caller).await?;
    match store::files::find(&mut conn, caller.project, file).await? {
        None => unknown(faults),
        Some(file) if file.purpose != Purpose::JobInput => {
            let detail =
                format!("its purpose is `{}`; a job reads files of `job_input`", file.purpose.as_str());
            faults.add(POINTER, "wrong_purpose", detail);
        }
        Some(file) if file.bytes == 0 => faults.add(POINTER, "empty_file", "the file has no bytes"),
        Some(_) => {}
    }
    Ok(())
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
