//! `/v1/organizations/{id}/members`: the people of an organisation. How they sign in is `sessions`.

pub(crate) mod invite;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod show;
pub(crate) mod update;
mod view;

use protocol::{AccountId, MemberId, Role};
use store::{PgConnection, api_keys, members};

use crate::auth::Caller;
use crate::error::{ApiError, FieldError};
use crate::keys::input;
use crate::params;

/// Members of one organisation.
const MOST: i64 = 1_000;

/// The organisation of a path must be the caller's, and a key of one project does not see it.
fn own(caller: &Caller, path: &str) -> Result<AccountId, ApiError> {
    let id: AccountId = params::id(path, "organization")?;
    let is_seen = id == caller.account && caller.must_reach_organization().is_ok();
    if is_seen { Ok(id) } else { Err(ApiError::NotFound("organization")) }
}

fn member(path: &str) -> Result<MemberId, ApiError> {
    params::id(path, "member")
}

fn or_absent(error: store::Error) -> ApiError {
    match error {
        store::Error::NotFound => ApiError::NotFound("member"),
        error => error.into(),
    }
}

/// A role that customers write.
fn role(text: &str, faults: &mut Vec<FieldError>) -> Option<Role> {
    let role = Role::parse(text);
    if role.is_none() {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
        let detail = format!("one of {}", known.join(", "));
        faults.push(FieldError { pointer: "#/role".to_owned(), code: "unknown_value", detail });
    }
    role
}

/// Nobody makes, changes or ends what may do more than they may: as with keys, and with the same terms.
pub(crate) async fn must_be_over(
    conn: &mut PgConnection,
    caller: &Caller,
    role: Role,
) -> Result<(), ApiError> {
    let own = api_keys::of_account(conn, caller.account, caller.key).await?;
    let own = own.ok_or(ApiError::InvalidApiKey)?;
    if input::beyond(&own.terms, &members::terms(role)).is_empty() {
        Ok(())
    } else {
        Err(ApiError::ExceedsYourKey)
    }
}
