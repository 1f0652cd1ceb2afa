//! Instead of `tls.rs`, without the feature `rustls`: there is none.

use std::future::Ready;

use reqwest::{Request, Response};

use crate::error::Error;

#[derive(Debug, Clone)]
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let instead = "https needs the feature `rustls`, or a client that has TLS in `Options::http`";
        Err(Error::Settings(instead.to_owned()))
    }

    pub(crate) fn send(&self, _: Request) -> Ready<Result<Response, Error>> {
        match *self {}
    }
}
