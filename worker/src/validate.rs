//! Validate: compiles uploaded reward functions, tries them on their samples, and says what was found.
//!
//! An upload waits in its table until a verdict on it is written: whoever dies on the way has lost nothing but time. What
//! the machine does wrong is tried again; what the module does wrong is its report.

use std::sync::Arc;

use sandbox::{Module, WasiProfile};
use store::reward_functions;
use store::reward_uploads::{self, Leased, Verdict};
use store::reward_versions::NOT_VALIDATED;
use supervisor::Tenant;
use supervisor::validation::{self, Refusal, Report, Specimen, Upload, Validation};

use crate::driver::retrying;
use crate::keep::while_held;
use crate::{Context, Error, Progress, metrics};

/// Validates one upload. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let leased = reward_uploads::lease(&mut *cx.db.acquire().await?, cx.config.lease()).await?;
    let Some(leased) = leased.map(Arc::new) else { return Ok(Progress::None) };
    let work = Box::pin(cx.stop.run_until_cancelled(conclude(cx, &leased)));
    let Some(concluded) = while_held(cx, None, || renew(cx, &leased), work).await else {
        tracing::info!(function.id = %leased.function, version = leased.version, "the upload is held by another");
        return Ok(Progress::Some);
    };
    if let Err(error) = concluded.unwrap_or(Err(Error::Stopping)) {
        give_back(cx, &leased, &error).await;
    }
    Ok(Progress::Some)
}

async fn renew(cx: &Context, leased: &Leased) -> Result<bool, store::Error> {
    reward_uploads::renew(&mut *cx.db.acquire().await?, leased, cx.config.lease()).await
}

/// Finds the verdict and writes it.
async fn conclude(cx: &Arc<Context>, leased: &Arc<Leased>) -> Result<(), Error> {
    // an upload that takes its worker down with it is not begun for ever
    if leased.tries > cx.config.validate_tries {
        return write(cx, leased, &not_validated()).await;
    }
    let (supervisor, leased_upload) = (Arc::clone(&cx.supervisor), Arc::clone(leased));
    let span =
        tracing::info_span!("worker.validate", function.id = %leased.function, version = leased.version);
    let validating = cx.tracker.spawn_blocking(move || {
        let _span = span.entered();
        let Leased { account, module, wasi, samples, .. } = &*leased_upload;
        let wasi =
            WasiProfile::parse(wasi).ok_or(Error::Inconsistent("an upload for an unknown WASI profile"))?;
        let specimens: Vec<Specimen> =
            serde_json::from_str(samples).map_err(|_| Error::Inconsistent("samples that are not ours"))?;
        let tenant = Tenant(*account.as_bytes());
        Ok::<_, Error>(validation::validate(
            &supervisor,
            &Upload { tenant, module, wasi, specimens: &specimens },
        )?)
    });
    let validation = validating.await.map_err(|_| Error::TaskEnded("validate"))??;
    write(cx, leased, &validation).await
}

async fn write(cx: &Context, leased: &Leased, validation: &Validation) -> Result<(), Error> {
    let report = serde_json::to_string(&validation.report)
        .map_err(|_| Error::Inconsistent("a report that is not JSON"))?;
    let verdict = match &validation.verdict {
        Ok(module) => Verdict::Ready(stored(module)),
        Err(code) => Verdict::Rejected { code: (*code).to_owned() },
    };
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        reward_uploads::conclude(&mut tx, leased, &verdict, &report, cx.clock.now()).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    metrics::validated(validation.verdict.as_ref().err().copied().unwrap_or("ready"));
    cx.wake.versions(leased.function);
    Ok(())
}

/// The module as it is kept.
pub fn stored(module: &Module) -> reward_functions::Module {
    let info = module.info();
    reward_functions::Module {
        component_sha256: *info.component_sha256.as_bytes(),
        upload_sha256: *info.upload_sha256.as_bytes(),
        world: info.world.as_str().to_owned(),
        wasi: info.wasi.as_str().to_owned(),
        component: module.component().to_vec(),
    }
}

/// For another try, unless it must fail again or was tried often enough.
async fn give_back(cx: &Context, leased: &Leased, error: &Error) {
    let Leased { function, version, tries, .. } = leased;
    if matches!(error, Error::Store(store::Error::StaleLease)) {
        tracing::info!(function.id = %function, version, "the lease was lost; the report is dropped");
        return;
    }
    let stopping = matches!(error, Error::Stopping);
    let last = !stopping && (!error.is_retryable() || *tries >= cx.config.validate_tries);
    if !stopping {
        metrics::step_failed("validate");
        let error = error as &dyn std::error::Error;
        tracing::error!(function.id = %function, version, tries, last, error, "the validation failed");
    }
    let ended = if last {
        write(cx, leased, &not_validated()).await
    } else {
        let after = if stopping { std::time::Duration::ZERO } else { cx.config.backoff(*tries) };
        back(cx, leased, after).await
    };
    if let Err(error) = ended {
        // the lease expires by itself
        let error = &error as &dyn std::error::Error;
        tracing::warn!(function.id = %function, version, error, "an upload was not given back");
    }
}

async fn back(cx: &Context, leased: &Leased, after: std::time::Duration) -> Result<(), Error> {
    Ok(reward_uploads::give_back(&mut *cx.db.acquire().await?, leased, after).await?)
}

/// The service could not tell: the one rejection that is not the module's.
fn not_validated() -> Validation {
    let refusal = Refusal {
        code: NOT_VALIDATED,
        message: "the service could not finish validating this module; that says nothing about it".to_owned(),
        hint: "send the same bytes again: they get a new version and a new try",
    };
    Validation { verdict: Err(NOT_VALIDATED), report: Report::rejected(refusal, std::time::Duration::ZERO) }
}
