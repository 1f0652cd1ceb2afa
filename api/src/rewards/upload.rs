//! A reward module as it is uploaded: the parts of the form, and what may be in them.

use actix_web::web::{self, Bytes};
use sandbox::WasiProfile;
use serde::Serialize;
use store::files::Purpose;
use supervisor::validation::Specimen;
use utoipa::ToSchema;

use super::samples::{SampleInput, specimens};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError};
use crate::files::{Wanted, whole};
use crate::form::{self, Form, Part};
use crate::jobs::parse::Faults;
use crate::state::AppState;

const MAX_URL_BYTES: usize = 2048;
const MAX_DESCRIPTION_BYTES: usize = 4096;
const MAX_WORD_BYTES: usize = 64;

/// An upload that nothing is wrong with, as far as can be told without looking into the module.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) module: Bytes,
    pub(crate) wasi: WasiProfile,
    pub(crate) source_url: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) specimens: Vec<Specimen>,
}

/// A module, and what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardModuleForm)]
#[schema(example = json!({ "module": "(the bytes of the module)", "wasi": "none", "description": "exact match" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadForm {
    /// A core module or a component; at most 32 MiB. Or give `file_id`.
    #[schema(value_type = Option<String>, format = Binary)]
    module: (),
    /// Instead of `module`: an uploaded file of purpose `reward_function`. The version keeps the bytes; the file may go.
    #[schema(example = "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    file_id: Option<String>,
    /// What of WASI it may see: `none` or `deterministic`.
    #[schema(default = "none")]
    wasi: Option<String>,
    /// Where its source is, for you; http or https.
    source_url: Option<String>,
    /// For you; at most 4096 bytes.
    description: Option<String>,
    /// JSON: at most 64 samples that the report is about.
    #[schema(value_type = Option<Vec<SampleInput>>)]
    samples: (),
}

/// Reads an upload, and reports everything that is wrong with it.
pub(crate) async fn read(
    body: Body,
    config: &Config,
    caller: Caller,
    state: &web::Data<AppState>,
) -> Result<Upload, ApiError> {
    let parts = [
        Part { name: "module", limit: config.max_module_body_bytes },
        Part { name: "file_id", limit: MAX_WORD_BYTES },
        Part { name: "wasi", limit: MAX_WORD_BYTES },
        Part { name: "source_url", limit: MAX_URL_BYTES },
        Part { name: "description", limit: MAX_DESCRIPTION_BYTES },
        Part { name: "samples", limit: config.max_samples_body_bytes },
    ];
    let Form([module, file, wasi, source_url, description, samples]) = body.form(&parts).await?;
    let mut faults = Faults::default();
    let module = match text("file_id", file.as_ref(), &mut faults) {
        Some(file) => of_file(state, caller, module, &file, config, &mut faults).await?,
        None => module,
    };
    let is_missing = module.is_none() && file.is_none();
    let state = state.clone();
    web::block(move || {
        let wasi = text("wasi", wasi.as_ref(), &mut faults);
        let source_url = text("source_url", source_url.as_ref(), &mut faults);
        let description = text("description", description.as_ref(), &mut faults);
        let wasi = profile(wasi.as_deref(), &mut faults);
        check_url(source_url.as_deref(), &mut faults);
        let given: Vec<SampleInput> = match &samples {
            Some(bytes) => body::parse(bytes).map_err(|error| error.inside("samples"))?,
            None => Vec::new(),
        };
        let specimens = specimens(given, None, &state.offer.checkpoint, &mut faults);
        if is_missing {
            faults.add(
                "#/module",
                "required",
                "the module, or `file_id`, is the one part that must be there",
            );
        }
        if !faults.0.is_empty() {
            return Err(ApiError::Validation(faults.0));
        }
        Ok(Upload { module: module.unwrap_or_default(), wasi, source_url, description, specimens })
    })
    .await?
}

/// The module in a file of this project.
async fn of_file(
    state: &AppState,
    caller: Caller,
    module: Option<Bytes>,
    file: &str,
    config: &Config,
    faults: &mut Faults,
) -> Result<Option<Bytes>, ApiError> {
    const POINTER: &str = "#/file_id";
    if module.is_some() {
        faults.add(POINTER, "not_allowed", "give `module` or `file_id`, not both");
        return Ok(module);
    }
    let limit = config.max_module_body_bytes;
    let wanted = Wanted { purpose: Purpose::RewardFunction, limit, pointer: POINTER };
    let found = whole(state, caller, file, wanted).await?;
    Ok(found.map_err(|FieldError { pointer, code, detail }| faults.add(pointer, code, detail)).ok())
}

fn text(part: &'static str, bytes: Option<&Bytes>, faults: &mut Faults) -> Option<String> {
    form::text(part, bytes).unwrap_or_else(|FieldError { pointer, code, detail }| {
        faults.add(pointer, code, detail);
        None
    })
}

fn profile(given: Option<&str>, faults: &mut Faults) -> WasiProfile {
    let Some(given) = given else { return WasiProfile::None };
    WasiProfile::parse(given).unwrap_or_else(|| {
        let shown: String = given.chars().filter(|c| !c.is_control()).collect();
        faults.add("#/wasi", "unsupported_value", format!("`{shown}` is not one of none, deterministic"));
        WasiProfile::None
    })
}

/// It is only ever shown, but as a link: nothing that a browser would run.
fn check_url(given: Option<&str>, faults: &mut Faults) {
    let is_plain = |url: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.chars().any(|c| c.is_control() || c.is_whitespace())
        })
    };
    if given.is_some_and(|url| !is_plain(url)) {
        faults.add("#/source_url", "invalid_url", "an http or https address, without spaces");
    }
}
