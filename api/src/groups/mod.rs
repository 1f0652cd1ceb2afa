//! Groups: all completions of one prompt, for customers who score them.

mod view;

pub(crate) use view::{State, StatsView as StatsSchema};

pub(crate) mod post_rewards;
pub(crate) mod show;
