//! Values and arithmetic of the service, pure: no I/O, no clock, no async.
//!
//! What the gateway, the worker and the miner must agree on lives here; how it is stored or sent does not.

pub mod advantage;
pub mod bundled_module;
pub mod canonical_json;
pub mod collect;
pub mod conditions;
pub mod event;
pub mod ids;
pub mod job;
pub mod logprob_spec;
pub mod manifest;
pub mod message;
pub mod minhash;
pub mod mismatch;
pub mod mode;
pub mod money;
pub mod offline;
pub mod overlong;
pub mod pick;
pub mod policy;
pub mod public_address;
pub mod recheck;
pub mod recomputed;
mod record_versions;
pub mod refill;
pub mod reward;
pub mod reward_input;
mod reward_receipt;
pub mod role;
pub mod rollout;
pub mod scope;
pub mod segment;
pub mod selection;
pub mod strict_json;
pub mod webhook;
pub mod wire;
pub mod work;

pub use bundled_module::BundledModule;

pub use ids::{
    AccountId, BatchId, EventId, ExportId, FileId, GroupId, InvoiceId, JobId, KeyId, LedgerEntryId, MemberId,
    ProjectId, QuoteId, RegisteredCheckpointId, RewardFunctionId, RolloutId, SessionId, UploadId,
    UploadPartId, VerificationId, WebhookDeliveryId, WebhookEndpointId,
};
pub use message::Message;
pub use mode::Mode;
pub use money::Rao;
pub use role::Role;
pub use scope::{Scope, Scopes};
