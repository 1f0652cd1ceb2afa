//! Lists that go on by themselves.

use futures_util::stream::BoxStream;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{Call, Client};
use crate::error::Error;

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    has_more: bool,
    last_id: Option<String>,
}

/// All items of a list, from the pages that follow each other. `query` is what stands behind the `?`, without `after`.
pub(crate) fn items<T: DeserializeOwned + Send + 'static>(
    client: Client,
    path: String,
    query: String,
    after: Option<String>,
) -> BoxStream<'static, Result<T, Error>> {
    Box::pin(async_stream::try_stream! {
        let mut after = after;
        loop {
            let cursor = after.as_ref().map_or_else(String::new, |after| format!("&after={after}"));
            let page: Page<T> = client.ask(Call::get(format!("{path}?{query}{cursor}"))).await?;
            for item in page.data {
                yield item;
            }
            // a page that leads nowhere would be asked for without end
            if !page.has_more || page.last_id.is_none() || page.last_id == after {
                break;
            }
            after = page.last_id;
        }
    })
}
