//! Budgets: what an organisation, a project or a key may spend in a period, and hold at once.
//!
//! A view over the columns that `accounts`, `projects` and `api_keys` have for it: the cap that is set here is the one that a
//! project or a key shows, and the one that `spend` enforces (docs/adr/0021).

use protocol::{AccountId, Rao};
use sqlx::PgConnection;

use crate::Error;
use crate::spend::{Cap, Payer, Reset};

/// What a payer is limited to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub cap: Option<Cap>,
    /// The most that may be held at once.
    pub in_flight: Option<Rao>,
}

impl Limits {
    pub(crate) fn read(
        limit: Option<i64>,
        reset: Option<&str>,
        in_flight: Option<i64>,
    ) -> Result<Self, Error> {
        let rao = |amount| Rao::new(amount).ok_or(Error::Corrupt("negative limit"));
        Ok(Self { cap: Cap::read(limit, reset)?, in_flight: in_flight.map(rao).transpose()? })
    }

    /// Whether whoever keeps to these keeps to the others, too.
    pub fn are_within(&self, others: &Self) -> bool {
        let cap = others
            .cap
            .is_none_or(|cap| self.cap.is_some_and(|own| own.reset == cap.reset && own.limit <= cap.limit));
        let held = others.in_flight.is_none_or(|most| self.in_flight.is_some_and(|own| own <= most));
        cap && held
    }
}

/// The limits of a payer that exists.
pub async fn find(conn: &mut PgConnection, payer: Payer) -> Result<Limits, Error> {
    // of three tables, with one shape
    struct Row {
        limit_rao: Option<i64>,
        limit_reset: Option<String>,
        in_flight_limit_rao: Option<i64>,
    }
    let row = match payer {
        Payer::Key(id) => {
            sqlx::query_as!(
                Row,
                "SELECT limit_rao, limit_reset, in_flight_limit_rao FROM api_keys WHERE id = $1",
                id.0
            )
            .fetch_optional(conn)
            .await?
        }
        Payer::Project(id) => {
            sqlx::query_as!(
                Row,
                "SELECT limit_rao, limit_reset, in_flight_limit_rao FROM projects WHERE id = $1",
                id.0
            )
            .fetch_optional(conn)
            .await?
        }
        Payer::Organization(id) => {
            sqlx::query_as!(
                Row,
                "SELECT limit_rao, limit_reset, in_flight_limit_rao FROM accounts WHERE id = $1",
                id.0
            )
            .fetch_optional(conn)
            .await?
        }
    };
    let row = row.ok_or(Error::NotFound)?;
    Limits::read(row.limit_rao, row.limit_reset.as_deref(), row.in_flight_limit_rao)
}

/// Locks an organisation's limits until the transaction ends. Those of a project or a key are locked with it.
pub async fn lock_organization(conn: &mut PgConnection, id: AccountId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", id.0)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(())
}

/// Gives a payer, which is locked, these limits. What is held already stays held, whatever they are.
pub async fn set(conn: &mut PgConnection, payer: Payer, limits: &Limits) -> Result<(), Error> {
    let (limit, reset) =
        (limits.cap.map(|cap| cap.limit.get()), limits.cap.and_then(|cap| cap.reset).map(Reset::as_str));
    let in_flight = limits.in_flight.map(Rao::get);
    match payer {
        Payer::Key(id) => {
            sqlx::query!(
                "UPDATE api_keys SET limit_rao = $2, limit_reset = $3, in_flight_limit_rao = $4 WHERE id = $1",
                id.0,
                limit,
                reset,
                in_flight
            )
            .execute(conn)
            .await?;
        }
        Payer::Project(id) => {
            sqlx::query!(
                "UPDATE projects SET limit_rao = $2, limit_reset = $3, in_flight_limit_rao = $4 WHERE id = $1",
                id.0,
                limit,
                reset,
                in_flight
            )
            .execute(conn)
            .await?;
        }
        Payer::Organization(id) => {
            sqlx::query!(
                "UPDATE accounts SET limit_rao = $2, limit_reset = $3, in_flight_limit_rao = $4 WHERE id = $1",
                id.0,
                limit,
                reset,
                in_flight
            )
            .execute(conn)
            .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_is_narrower_in_every_way() {
        let rao = |amount| Rao::new(amount).unwrap();
        let cap = |limit, reset| Some(Cap { limit: rao(limit), reset });
        let own = Limits { cap: cap(100, Some(Reset::Daily)), in_flight: Some(rao(10)) };
        assert!(own.are_within(&own) && own.are_within(&Limits::default()));
        assert!(!Limits::default().are_within(&own));
        let narrower = Limits { cap: cap(99, Some(Reset::Daily)), in_flight: Some(rao(9)) };
        assert!(narrower.are_within(&own) && !own.are_within(&narrower));
        for wider in [
            Limits { cap: cap(101, Some(Reset::Daily)), ..own },
            Limits { cap: cap(1, None), ..own },
            Limits { cap: None, ..own },
            Limits { in_flight: Some(rao(11)), ..own },
            Limits { in_flight: None, ..own },
        ] {
            assert!(!wider.are_within(&own), "{wider:?}");
        }
    }
}
