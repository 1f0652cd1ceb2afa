//! Puts the records of a file together by group, so that a group is judged in one pass: within bounds, whatever the file's
//! order. Our own files hold groups one after the other, and of those no more than one is held at a time.

use crate::ids::JobId;
use crate::rollout::RolloutRecord;

/// What may wait for the rest of its group. A group that is still not whole is then judged in parts.
const MAX_RECORDS: usize = 512;
const MAX_BYTES: usize = 64 << 20;

/// What there is to know of a record to put it in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    group: (JobId, u32),
    /// Records of the whole group.
    size: usize,
    /// What the record takes in memory.
    bytes: usize,
}

impl Membership {
    pub fn of(record: &RolloutRecord) -> Self {
        let ids = record.prompt_ids.len() + record.completion_ids.len();
        let logprobs = record.behavior_logprobs.len() + record.verifier_logprobs.as_ref().map_or(0, Vec::len);
        let messages = record.messages.iter().flatten();
        let messages: usize = messages.map(|message| message.role.len() + message.content.len()).sum();
        let prompt = record.prompt_text.as_ref().map_or(0, String::len) + messages;
        let texts = record.completion_text.len() + prompt;
        let bytes = 4 * (ids + logprobs) + record.loss_mask.len() + texts + record.proof.records.len();
        let group = (record.job_id, record.prompt_index);
        Self { group, size: record.group.size as usize, bytes: bytes + size_of::<RolloutRecord>() }
    }
}

#[derive(Debug)]
struct Group<T> {
    key: (JobId, u32),
    members: Vec<T>,
    bytes: usize,
}

/// Groups that are not whole yet, the oldest first.
#[derive(Debug)]
pub struct Groups<T> {
    open: Vec<Group<T>>,
    members: usize,
    bytes: usize,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Groups<T> {
    pub fn new() -> Self {
        Self { open: Vec::new(), members: 0, bytes: 0 }
    }

    /// Takes a member in, and gives the group that is now whole, or that has to go.
    pub fn push(&mut self, membership: Membership, member: T) -> Option<Vec<T>> {
        let Membership { group: key, size, bytes } = membership;
        // the newest first: the next record of a file is mostly of the same group
        let at = self.open.iter().rposition(|group| group.key == key).unwrap_or_else(|| {
            self.open.push(Group { key, members: Vec::new(), bytes: 0 });
            self.open.len() - 1
        });
        let group = &mut self.open[at];
        group.members.push(member);
        group.bytes += bytes;
        let is_whole = group.members.len() >= size;
        self.members += 1;
        self.bytes += bytes;
        if is_whole {
            Some(self.take(at))
        } else if self.members > MAX_RECORDS || self.bytes > MAX_BYTES {
            Some(self.take(0))
        } else {
            None
        }
    }

    /// The oldest of what is left.
    pub fn pop(&mut self) -> Option<Vec<T>> {
        if self.open.is_empty() { None } else { Some(self.take(0)) }
    }

    fn take(&mut self, at: usize) -> Vec<T> {
        let group = self.open.remove(at);
        self.members -= group.members.len();
        self.bytes -= group.bytes;
        group.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(groups: &mut Groups<u32>, prompt: u32, size: usize, bytes: usize) -> Vec<u32> {
        let group = (JobId(uuid::Uuid::nil()), prompt);
        groups.push(Membership { group, size, bytes }, prompt).unwrap_or_default()
    }

    #[test]
    fn a_group_goes_when_it_is_whole() {
        let mut groups = Groups::new();
        for (prompt, out) in [(1, vec![]), (2, vec![]), (1, vec![1, 1]), (2, vec![2, 2]), (1, vec![])] {
            assert_eq!(push(&mut groups, prompt, 2, 1), out);
        }
        assert_eq!((groups.pop(), groups.pop()), (Some(vec![1]), None));
        assert_eq!(push(&mut groups, 3, 0, 1), [3], "a size that cannot be waits for nothing");
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let mut groups = Groups::new();
        let room = MAX_RECORDS as u32;
        let out: Vec<u32> = (0..2000).flat_map(|prompt| push(&mut groups, prompt, 9, 1)).collect();
        assert_eq!(out, (0..2000 - room).collect::<Vec<_>>(), "the oldest go");
        assert_eq!(push(&mut groups, 5000, 9, MAX_BYTES), [2000 - room]);
        assert_eq!(push(&mut groups, 5001, 9, 1), [2001 - room], "until the long one is gone");
        let left = std::iter::from_fn(|| groups.pop()).flatten().count();
        assert_eq!((left, groups.members, groups.bytes), (MAX_RECORDS, 0, 0));
    }
}
