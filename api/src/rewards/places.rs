//! How much of the gateway's memory and cores reward functions may take: so many requests at once, of which one account
//! gets a part. More are refused at once and may come again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::AccountId;

use crate::error::ApiError;

/// Modules that are being received: each is held in memory whole.
#[derive(Debug, Clone)]
pub(crate) struct Uploads(pub(crate) Places);

impl Uploads {
    pub(crate) fn new(most: usize) -> Self {
        Self(Places::new("uploads", most, most / 8))
    }
}

/// Examinations that a request waits for: each keeps a core busy.
#[derive(Debug, Clone)]
pub(crate) struct Examinations(pub(crate) Places);

impl Examinations {
    pub(crate) fn new(most: usize) -> Self {
        Self(Places::new("examinations of reward functions", most, most / 2))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Places {
    what: &'static str,
    most: usize,
    most_of_one: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_account: HashMap<AccountId, usize>,
}

/// Given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    account: AccountId,
    taken: Arc<Mutex<Taken>>,
}

impl Places {
    fn new(what: &'static str, most: usize, most_of_one: usize) -> Self {
        Self { what, most: most.max(1), most_of_one: most_of_one.max(1), taken: Arc::default() }
    }

    pub(crate) fn admit(&self, account: AccountId) -> Result<Place, ApiError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_account.get(&account).copied().unwrap_or(0);
        if own >= self.most_of_one {
            return Err(ApiError::TooManyAtOnce { what: self.what, limit: self.most_of_one });
        }
        if taken.all >= self.most {
            return Err(ApiError::Busy(self.what));
        }
        taken.all += 1;
        taken.by_account.insert(account, own + 1);
        Ok(Place { account, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by_account.get_mut(&self.account) {
            *own -= 1;
            if *own == 0 {
                taken.by_account.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_account_gets_its_part_and_all_get_what_there_is() {
        let places = Places::new("things", 3, 2);
        let [a, b, c] = [1, 2, 3].map(|id| AccountId(Uuid::from_u128(id)));
        let held = [places.admit(a).unwrap(), places.admit(a).unwrap()];
        assert!(matches!(places.admit(a), Err(ApiError::TooManyAtOnce { limit: 2, .. })));
        let other = places.admit(b).unwrap();
        assert!(matches!(places.admit(c), Err(ApiError::Busy("things"))));
        drop(other);
        drop(places.admit(c).unwrap());
        drop(held);
        let taken = places.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.by_account.is_empty(), "{taken:?}");
    }
}
