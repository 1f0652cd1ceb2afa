//! Identifiers of resources: a UUID inside, a prefixed ULID (`job_01J…`) outside. One newtype per resource.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;
use uuid::Uuid;

/// A text that is no id of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an id that starts with `{prefix}` and goes on with 26 characters of Crockford base 32")]
pub struct InvalidId {
    pub prefix: &'static str,
}

macro_rules! resource_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// The sixteen bytes that enter hashes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), Ulid(self.0.as_u128()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = InvalidId { prefix: $prefix };
                let Some(Ok(ulid)) = text.strip_prefix($prefix).map(Ulid::from_string) else { return Err(invalid) };
                let id = Self(Uuid::from_u128(ulid.0));
                // one id has one spelling: Crockford's aliases and lower case are refused
                if id.to_string() == text { Ok(id) } else { Err(invalid) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

resource_id!(
    /// A customer's (or an internal) ledger account.
    AccountId, "org_"
);
resource_id!(
    /// What an organisation keeps apart: jobs, reward functions, keys.
    ProjectId, "proj_"
);
resource_id!(
    /// One batch request.
    JobId, "job_"
);
resource_id!(
    /// All rollouts of one prompt of one job.
    GroupId, "grp_"
);
resource_id!(
    /// One completion with its log-probs and reward.
    RolloutId, "rol_"
);
resource_id!(
    /// A reward function, which has numbered versions.
    RewardFunctionId, "rwf_"
);
resource_id!(
    /// One event of a job's log.
    EventId, "evt_"
);
resource_id!(
    /// An uploaded file.
    FileId, "file_"
);
resource_id!(
    /// A file on its way in parts.
    UploadId, "upload_"
);
resource_id!(
    /// One part of an upload.
    UploadPartId, "part_"
);
resource_id!(
    /// A few jobs as OpenAI's batch object.
    BatchId, "batch_"
);
resource_id!(
    /// A price that was promised.
    QuoteId, "qte_"
);
resource_id!(
    /// A file of a job's rollouts in the format of a trainer.
    ExportId, "exp_"
);
resource_id!(
    /// A checkpoint that a project asked for; the weights have an id of their own, by content.
    RegisteredCheckpointId, "ckpt_"
);
resource_id!(
    /// An API key.
    KeyId, "key_"
);
resource_id!(
    /// A person of an organisation. What they do, they do with the key that has the same UUID and no text.
    MemberId, "mem_"
);
resource_id!(
    /// A member who is signed in somewhere.
    SessionId, "ses_"
);
resource_id!(
    /// One line of an account's statement.
    LedgerEntryId, "led_"
);

resource_id!(
    /// One month of an organisation's statement.
    InvoiceId, "inv_"
);

resource_id!(
    /// Where a customer has webhooks sent to.
    WebhookEndpointId, "whe_"
);
resource_id!(
    /// One event on its way to one endpoint.
    WebhookDeliveryId, "whd_"
);
resource_id!(
    /// A re-check of rollouts.
    VerificationId, "ver_"
);

impl MemberId {
    /// The key that a member acts with.
    pub fn key(self) -> KeyId {
        KeyId(self.0)
    }
}

impl AccountId {
    /// Every customer has this project from the start.
    pub fn default_project(self) -> ProjectId {
        ProjectId(self.0)
    }

    /// The invoice of a month is a function of both: it is nowhere stored.
    pub fn invoice(self, year: i32, month: u32) -> InvoiceId {
        InvoiceId(Uuid::new_v5(&self.0, format!("invoice/{year}-{month:02}").as_bytes()))
    }
}

impl BatchId {
    /// The id of a job is a function of its batch and its place in it, so that whoever reads the file again makes no second
    /// one. In the order of time, as other ids of jobs, and of their places.
    pub fn job(self, place: u8) -> JobId {
        JobId(Uuid::from_u128((self.0.as_u128() & !0xff) | u128::from(place)))
    }
}

impl JobId {
    /// The id of a group is a function of job and prompt, so that a crash between two writes cannot make two.
    pub fn group(self, prompt_index: u32) -> GroupId {
        GroupId(Uuid::new_v5(&self.0, format!("group/{prompt_index}").as_bytes()))
    }

    /// The id of the transfer that pays for one rollout: whoever computes it gets the same, so none is billed twice.
    pub fn charge(self, prompt_index: u32, sample: u32) -> Uuid {
        Uuid::new_v5(&self.0, format!("charge/{prompt_index}/{sample}").as_bytes())
    }

    /// The id of the event at `sequence` of this job.
    pub fn event(self, sequence: i64) -> EventId {
        EventId(Uuid::new_v5(&self.0, format!("event/{sequence}").as_bytes()))
    }
}

impl GroupId {
    /// The id of a rollout names its attempt too: a re-dispatched group's rollouts are other rollouts.
    pub fn rollout(self, attempt: u32, sample: u32) -> RolloutId {
        RolloutId(Uuid::new_v5(&self.0, format!("rollout/{attempt}/{sample}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_refuse_other_kinds_and_spellings() {
        let job = JobId(Uuid::from_u128(0x0190_1234_5678_7abc_8def_0123_4567_89ab));
        let text = job.to_string();
        assert!(text.starts_with("job_") && text.len() == 30, "{text}");
        assert_eq!(text.parse::<JobId>(), Ok(job));
        assert!(text.parse::<GroupId>().is_err());
        assert!(text.to_lowercase().parse::<JobId>().is_err());
        assert!("job_".parse::<JobId>().is_err());
        assert!("job_ÄÄÄÄÄÄÄÄÄÄÄÄÄ".parse::<JobId>().is_err());
    }

    #[test]
    fn derived_ids_differ_by_every_part() {
        let job = JobId(Uuid::from_u128(1));
        assert_ne!(job.group(1), job.group(11));
        assert_ne!(job.charge(1, 11), job.charge(11, 1));
        assert_ne!(job.group(1).rollout(1, 2), job.group(1).rollout(2, 1));
    }
}
