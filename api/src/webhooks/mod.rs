//! Webhooks: where a customer hears of its jobs, and what was sent there. Sending is the worker's affair.

pub(crate) mod schema;
mod settings;
mod view;

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod list_deliveries;
pub(crate) mod redeliver;
pub(crate) mod rotate_secret;
pub(crate) mod show;
pub(crate) mod show_secret;
pub(crate) mod test;
pub(crate) mod update;

use view::{DeliveryView, EndpointView};
