//! What an operator can set about the gateway. Reading files and the environment is the binary's affair.

use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;
use serde::Deserialize;

use crate::version::Versions;

/// Longer than this nobody may make access tokens hold.
const MAX_ACCESS_S: u32 = 900;
const MAX_DAYS: u32 = 3_650;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Threads that serve requests; 0 means one per core.
    pub threads: usize,
    /// Let webhook endpoints be plain http and addresses of this machine or its network. For tests and development.
    pub allow_private_webhooks: bool,
    /// Open connections of each thread.
    pub max_connections: usize,
    /// Largest body of `POST /v1/jobs`.
    pub max_job_body_bytes: usize,
    /// Largest reward module.
    pub max_module_body_bytes: usize,
    /// Largest file, and the most that all files of a project may have together.
    pub max_file_bytes: usize,
    pub max_project_file_bytes: usize,
    /// Largest part of an upload in parts.
    pub max_part_bytes: usize,
    /// Largest list of samples that a reward function is tried on.
    pub max_samples_body_bytes: usize,
    /// Uploads that are received at once, and examinations of reward functions that run at once. One account gets a part.
    pub max_uploads: usize,
    pub max_examinations: usize,
    /// Largest body of any other request.
    pub max_body_bytes: usize,
    /// What one customer may do in a minute, and all of it at once: requests, jobs, and prompts of jobs.
    pub max_requests_per_minute: u32,
    pub max_jobs_per_minute: u32,
    pub max_prompts_per_minute: u32,
    /// Prompts of one organisation's jobs that have not ended: beyond that it creates no more.
    pub max_waiting_prompts_per_account: u32,
    /// The same of all organisations together, less what is paused or in reserve.
    pub max_waiting_prompts: u32,
    /// Groups that were answered and wait to be scored or verified: beyond that nobody creates more.
    pub max_unverified_groups: u32,
    /// Jobs that the test keys of one organisation may create in a minute.
    pub max_test_jobs_per_minute: u32,
    /// Sign-ins and refreshes that one address may try in a minute.
    pub max_sign_ins_per_minute: u32,
    /// Who issues access tokens, as they say it.
    pub session_issuer: String,
    /// How long an access token holds: at most a quarter of an hour.
    pub session_access_s: u32,
    /// A session ends when it was not refreshed for so many days, and after so many whatever happens.
    pub session_idle_days: u32,
    pub session_days: u32,
    /// Another key signs access tokens after so many days.
    pub session_key_days: u32,
    /// How long a link that signs a member in is good, in hours.
    pub sign_in_link_hours: u32,
    /// A client must send its headers within this time.
    pub header_timeout_ms: u64,
    /// A connection without a request is closed after this time.
    pub keep_alive_ms: u64,
    /// A client that takes nothing of its answer for this long is cut off.
    pub write_timeout_ms: u32,
    /// Event streams open at once.
    pub max_event_streams: usize,
    /// A silent event stream sends a comment this often, which is also how a gone client is noticed.
    pub sse_heartbeat_ms: u64,
    /// An event stream looks for events this often when nobody wakes it.
    pub sse_poll_ms: u64,
    /// A stream is closed after this time; the client resumes where it was.
    pub sse_max_age_ms: u64,
    /// How long a request for a chat completion waits for its answer.
    pub chat_patience_ms: u64,
    /// Proxies in front, as addresses or ranges: only what they write into `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long requests in flight may take when the process is told to stop.
    pub shutdown_timeout_ms: u64,
    /// The versions that requests are answered by. Not an operator's choice: those of this release.
    #[serde(skip)]
    pub versions: Versions,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: 0,
            allow_private_webhooks: false,
            max_connections: 8192,
            max_job_body_bytes: 8 << 20,
            max_module_body_bytes: 32 << 20,
            max_file_bytes: 200_000_000,
            max_project_file_bytes: 20_000_000_000,
            max_part_bytes: 64 << 20,
            max_samples_body_bytes: 2 << 20,
            max_uploads: 32,
            max_examinations: 4,
            max_body_bytes: 64 << 10,
            max_requests_per_minute: 6_000,
            max_jobs_per_minute: 60,
            max_prompts_per_minute: 100_000,
            max_waiting_prompts_per_account: 500_000,
            max_waiting_prompts: 5_000_000,
            max_unverified_groups: 20_000,
            max_test_jobs_per_minute: 10,
            max_sign_ins_per_minute: 60,
            session_issuer: "reliquary".to_owned(),
            session_access_s: 900,
            session_idle_days: 30,
            session_days: 90,
            session_key_days: 30,
            sign_in_link_hours: 72,
            header_timeout_ms: 5_000,
            keep_alive_ms: 75_000,
            write_timeout_ms: 30_000,
            max_event_streams: 4096,
            sse_heartbeat_ms: 15_000,
            sse_poll_ms: 1_000,
            sse_max_age_ms: 900_000,
            chat_patience_ms: 120_000,
            trusted_proxies: Vec::new(),
            shutdown_timeout_ms: 10_000,
            versions: Versions::default(),
        }
    }
}

impl Config {
    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.sse_heartbeat_ms.max(1))
    }

    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(self.sse_poll_ms.max(1))
    }

    pub(crate) fn session_access(&self) -> TimeDelta {
        TimeDelta::seconds(self.session_access_s.clamp(1, MAX_ACCESS_S).into())
    }

    pub(crate) fn session_idle(&self) -> TimeDelta {
        days(self.session_idle_days)
    }

    pub(crate) fn session_life(&self) -> TimeDelta {
        days(self.session_days)
    }

    pub(crate) fn session_key_period(&self) -> TimeDelta {
        days(self.session_key_days)
    }

    pub(crate) fn sign_in_link_life(&self) -> TimeDelta {
        TimeDelta::hours(self.sign_in_link_hours.clamp(1, 24 * MAX_DAYS).into())
    }

    pub(crate) fn chat_patience(&self) -> Duration {
        Duration::from_millis(self.chat_patience_ms)
    }

    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_millis(self.sse_max_age_ms)
    }
}

fn days(days: u32) -> TimeDelta {
    TimeDelta::days(days.clamp(1, MAX_DAYS).into())
}
