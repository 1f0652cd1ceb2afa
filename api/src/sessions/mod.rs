//! `/v1/sessions`: people who are signed in. They sign in by one-time links, and act by access tokens (JWT) of a quarter of
//! an hour. Who they are is `members`; docs/adr/0012 says why so.

mod access;
pub(crate) mod create;
pub(crate) mod end;
mod grant;
pub(crate) mod jwks;
pub(crate) mod list;
pub(crate) mod refresh;
mod secrets;

pub(crate) use access::{Form, KeyRing, Timed, looks_like_one};
pub use secrets::SessionSecrets;
pub(crate) use secrets::{Kind, Token};
