//! `/v1/invoices`: the months of an organisation.

use futures_util::stream::BoxStream;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::query::Query;
use crate::{pages, types};

#[derive(Debug, Clone, Copy)]
pub struct Invoices<'a>(pub(crate) &'a Client);

impl Invoices<'_> {
    pub async fn retrieve(&self, invoice: &(impl AsId + ?Sized)) -> Result<types::Invoice, Error> {
        self.0.ask(Call::get(format!("/v1/invoices/{}", segment(invoice)))).await
    }

    /// One for each calendar month, newest first. It takes a key that reaches the organisation.
    pub fn list(&self) -> BoxStream<'static, Result<types::Invoice, Error>> {
        pages::items(self.0.clone(), "/v1/invoices".to_owned(), Query::new().text(), None)
    }
}
