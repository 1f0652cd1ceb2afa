//! What is different about jobs of test keys: their price, their proof profile and their size. All else is as in a live one.

use grail::ProfileId;
use grail::profile::Profile;
use protocol::Mode;
use protocol::job::{MAX_TEST_PROMPTS, MAX_TEST_SAMPLES, Verification};
use protocol::money::Price;

use super::parse::{Faults, Input};
use crate::auth::Caller;
use crate::state::AppState;

/// The price of the day: a test job costs nothing.
pub(crate) fn price(state: &AppState, caller: Caller, verification: Verification) -> Price {
    let price = state.offer.price_of(verification);
    if caller.mode.is_live() { price } else { price.free() }
}

/// A test job is a small one. How many lines its file has is known once it is read.
pub(super) fn check(caller: Caller, input: &Input, samples: u32, faults: &mut Faults) {
    if caller.mode.is_live() {
        return;
    }
    if let Input::Prompts(prompts) = input
        && prompts.len() > MAX_TEST_PROMPTS
    {
        faults.add("#/prompts", "too_many", format!("at most {MAX_TEST_PROMPTS} in a test job"));
    }
    if samples > MAX_TEST_SAMPLES {
        let detail = format!("{samples} is not from 1 to {MAX_TEST_SAMPLES}, as in a test job");
        faults.add("#/sampling/n", "out_of_range", detail);
    }
}

/// By which proofs of the caller's jobs are judged, where live ones are by that of their checkpoint.
pub(super) fn profile(caller: Caller, live: ProfileId) -> ProfileId {
    match caller.mode {
        Mode::Live => live,
        Mode::Test => Profile::test().id(),
    }
}
