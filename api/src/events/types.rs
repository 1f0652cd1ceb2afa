//! Which events a reader wants: the parameter `types`.

use protocol::event::EventType;

use crate::error::ApiError;

/// How far a job is, now. Told on streams of one job; no log has it.
pub(crate) const PROGRESS: &str = "job.progress";

/// The types of one reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Types {
    /// `None`: all.
    named: Option<Vec<EventType>>,
    names_progress: bool,
}

impl Types {
    /// Of a log: its events alone.
    pub(crate) fn of_log(given: Option<&str>) -> Result<Self, ApiError> {
        Self::parse(given, false)
    }

    /// Of one job, whose streams tell its progress, too.
    pub(crate) fn of_job(given: Option<&str>) -> Result<Self, ApiError> {
        Self::parse(given, true)
    }

    /// Types separated by commas.
    fn parse(given: Option<&str>, tells_progress: bool) -> Result<Self, ApiError> {
        let Some(given) = given else { return Ok(Self::default()) };
        let (mut named, mut names_progress) = (Vec::new(), false);
        for text in given.split(',') {
            if tells_progress && text == PROGRESS {
                names_progress = true;
                continue;
            }
            let detail = format!("`{text}` is no type of event");
            let unknown = ApiError::InvalidParameter { name: "types", detail };
            named.push(EventType::parse(text).ok_or(unknown)?);
        }
        Ok(Self { named: Some(named), names_progress })
    }

    pub(crate) fn takes(&self, event: EventType) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(&event))
    }

    pub(crate) fn takes_progress(&self) -> bool {
        self.named.is_none() || self.names_progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_named_is_all_and_progress_alone_is_no_event() {
        let all = Types::of_log(None).unwrap();
        assert!(EventType::ALL.iter().all(|event| all.takes(*event)) && all.takes_progress());
        let one = Types::of_job(Some("job.paused,job.closed")).unwrap();
        assert!(one.takes(EventType::JobPaused) && one.takes(EventType::JobClosed));
        assert!(!one.takes(EventType::JobQueued) && !one.takes_progress());
        let progress = Types::of_job(Some(PROGRESS)).unwrap();
        assert!(progress.takes_progress() && !EventType::ALL.iter().any(|event| progress.takes(*event)));
        for wrong in ["", "x", "job.paused,", " job.paused", PROGRESS] {
            assert!(Types::of_log(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
