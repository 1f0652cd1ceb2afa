//! About the service itself: is it up, is it ready, what does it offer, with which key does it sign.

pub(crate) mod docs;
pub(crate) mod healthz;
pub(crate) mod limits;
pub(crate) mod metrics;
pub(crate) mod openapi_json;
pub(crate) mod proof_spec;
pub(crate) mod readyz;
pub(crate) mod status;
pub(crate) mod verification_keys;

pub(crate) use verification_keys::{Jwk, jwk, thumbprint};
