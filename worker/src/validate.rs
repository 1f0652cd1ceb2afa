//! Validate: compiles uploaded reward functions, tries them on their samples, and says what was found.
//!
//! An upload waits in its table until a verdict on it is written: whoever dies on the way has lost nothing but time. What
//! the machine does wrong is tried again; what the module does wrong is its report.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sandbox::{Module, WasiProfile};
use store::reward_functions;
use store::reward_uploads::{self, Leased, Verdict};
use store::reward_versions::NOT_VALIDATED;
use supervisor::Tenant;
use supervisor::validation::{self, Refusal, Report, Specimen, Upload, Validation};

use crate::driver::retrying;
use crate::see_through::{Work, see_through};
use crate::{Context, Error, Progress, metrics};

/// Validates one upload. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let leased = reward_uploads::lease(&mut *cx.db.acquire().await?, cx.config.lease()).await?;
    see_through(cx, leased.map(|leased| Uploaded(Arc::new(leased)))).await
}

/// A leased upload, to be looked at off the async threads.
struct Uploaded(Arc<Leased>);

impl Work for Uploaded {
    const STEP: &'static str = "validate";

    fn id(&self) -> impl fmt::Display {
        format!("{}@{}", self.0.function, self.0.version)
    }

    fn tries(&self) -> u32 {
        self.0.tries
    }

    fn most_tries(cx: &Context) -> u32 {
        cx.config.validate_tries
    }

    async fn renew(&self, cx: &Context) -> Result<bool, store::Error> {
        reward_uploads::renew(&mut *cx.db.acquire().await?, &self.0, cx.config.lease()).await
    }

    async fn give_back(&self, cx: &Context, after: Duration) -> Result<(), store::Error> {
        reward_uploads::give_back(&mut *cx.db.acquire().await?, &self.0, after).await
    }

    /// Finds the verdict and writes it.
    async fn conclude(&self, cx: &Arc<Context>) -> Result<(), Error> {
        let (supervisor, leased_upload) = (Arc::clone(&cx.supervisor), Arc::clone(&self.0));
        let span =
            tracing::info_span!("worker.validate", function.id = %self.0.function, version = self.0.version);
        let validating = cx.tracker.spawn_blocking(move || {
            let _span = span.entered();
            let Leased { account, module, wasi, samples, .. } = &*leased_upload;
            let wasi = WasiProfile::parse(wasi)
                .ok_or(Error::Inconsistent("an upload for an unknown WASI profile"))?;
            let specimens: Vec<Specimen> = serde_json::from_str(samples)
                .map_err(|_| Error::Inconsistent("samples that are not ours"))?;
            let tenant = Tenant(*account.as_bytes());
            Ok::<_, Error>(validation::validate(
                &supervisor,
                &Upload { tenant, module, wasi, specimens: &specimens },
            )?)
        });
        let validation = validating.await.map_err(|_| Error::TaskEnded("validate"))??;
        write(cx, &self.0, &validation).await
    }

    async fn give_up(&self, cx: &Context) -> Result<(), Error> {
        write(cx, &self.0, &not_validated()).await
    }
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

/// The service could not tell: the one rejection that is not the module's.
fn not_validated() -> Validation {
    let refusal = Refusal {
        code: NOT_VALIDATED,
        message: "the service could not finish validating this module; that says nothing about it".to_owned(),
        hint: "send the same bytes again: they get a new version and a new try",
    };
    Validation { verdict: Err(NOT_VALIDATED), report: Report::rejected(refusal, Duration::ZERO) }
}
