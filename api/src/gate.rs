//! What is refused of a request before its route is looked at: too long an address, a version that there is not, and what
//! the document does not know.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, ResponseError as _, web};

use crate::config::Config;
use crate::contract::Contract;
use crate::error::ApiError;

/// Longer than any address that this service gives out.
const MAX_TARGET_BYTES: usize = 8 << 10;

/// A middleware.
pub(crate) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match check(&request) {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        // no error of this middleware's: what is outside of it writes problems into answers only
        Err(error) => Ok(request.into_response(error.error_response())),
    }
}

fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET_BYTES {
        return Err(ApiError::UriTooLong { limit: MAX_TARGET_BYTES });
    }
    let versions = request.app_data::<web::Data<Config>>().map(|config| config.versions).unwrap_or_default();
    if let Some(version) = versions.asked(request.headers())? {
        request.extensions_mut().insert(version);
    }
    request.app_data::<web::Data<Contract>>().map_or(Ok(()), |contract| contract.check(request))
}
