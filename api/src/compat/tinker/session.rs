//! The name of a sampling session: `smp_<32 hex>_<model>`. The first part tells it from others, the second is what it
//! samples from.

use grail::CheckpointId;
use protocol::RegisteredCheckpointId;

use crate::state::Ambient;

const PREFIX: &str = "smp_";
const ID_CHARS: usize = 32;

/// A new name.
pub(super) fn name(ambient: &Ambient, model: &str) -> String {
    format!("{PREFIX}{}_{model}", ambient.id().simple())
}

/// The model that a session samples from; `None` for what is no name of ours.
pub(super) fn model(name: &str) -> Option<&str> {
    let (id, model) = name.strip_prefix(PREFIX)?.split_once('_')?;
    let is_id = id.len() == ID_CHARS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && is_model(model)).then_some(model)
}

/// `current`, or the id of a checkpoint.
pub(super) fn is_model(text: &str) -> bool {
    text == "current"
        || text.parse::<CheckpointId>().is_ok()
        || text.parse::<RegisteredCheckpointId>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_names_its_model() {
        let ambient = Ambient::system();
        let checkpoint = "ab".repeat(32);
        for of in ["current", &checkpoint, "ckpt_01K9QZ4E8V7X2M3N4P5Q6R7S8T"] {
            let session = name(&ambient, of);
            assert_eq!(model(&session), Some(of));
            assert_ne!(session, name(&ambient, of), "another session");
        }
        for bad in ["", "smp_", "smp_x_current", "smp_00_current", &format!("smp_{}_gpt", "0".repeat(32))] {
            assert_eq!(model(bad), None, "{bad}");
        }
    }
}
