//! Rollouts in bulk: lines, Arrow's stream or a Parquet file, written while it is read and sent. A page of records, and of
//! columns the batch or row group that is open, are in memory at a time.

use actix_web::web::{self, Bytes};
use bundle::{Format, Outlet, Writer};
use futures_util::Stream;
use protocol::BundledModule;
use protocol::rollout::RolloutRecord;

use super::pages::{DeliveredPages, Item, Page, Pages as _, UndeliveredPages};
use crate::error::ApiError;

/// What cuts a body off. One that ends well is complete.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the rollouts cannot be read")]
    Store(#[from] store::Error),
    #[error("the rollouts cannot be written")]
    Bundle(#[from] bundle::Error),
    #[error("the work was dropped")]
    Dropped(#[from] actix_web::error::BlockingError),
}

/// The delivered rollouts, after their module.
pub(super) fn stream(
    format: Format,
    module: Option<BundledModule>,
    first: Page<RolloutRecord>,
    mut pages: DeliveredPages,
) -> Result<impl Stream<Item = Result<Bytes, Broken>> + use<>, ApiError> {
    let outlet = Outlet::default();
    let internal = |error: bundle::Error| ApiError::Internal(error.into());
    let mut writer = Writer::with(outlet.clone(), format, pages.parts).map_err(internal)?;
    if let Some(module) = module {
        writer.module(&module).map_err(internal)?;
    }
    Ok(async_stream::try_stream! {
        let mut page = first;
        loop {
            let records = std::mem::take(&mut page.items);
            // columns of whole records are work for longer than a thread of the server may be away
            let written = web::block(move || {
                records.iter().try_for_each(|record| writer.write(record))?;
                writer.flush()?;
                Ok::<_, bundle::Error>(writer)
            });
            writer = written.await??;
            let bytes = outlet.take();
            if !bytes.is_empty() {
                yield Bytes::from(bytes);
            }
            if page.is_last {
                break;
            }
            page = pages.read().await?;
        }
        web::block(move || writer.finish()).await??;
        yield Bytes::from(outlet.take());
    })
}

/// What was not delivered, one a line.
pub(super) fn undelivered_lines(
    first: Page<Item>,
    mut pages: UndeliveredPages,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    async_stream::try_stream! {
        let mut page = first;
        loop {
            for item in std::mem::take(&mut page.items) {
                yield Bytes::from(item.text + "\n");
            }
            if page.is_last {
                break;
            }
            page = pages.next().await?;
        }
    }
}
