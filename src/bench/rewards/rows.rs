//! The rows that every contender grades: 16 tasks with 16 completions of about 1.5 KB each. No randomness: they are the
//! same in every run.

use std::fmt::Write as _;

use gsm8k::{Graded, answer, grade};
use sandbox::{Finish, Sample, Task};

pub(super) const GROUP: usize = 16;
const TASKS: usize = 16;
/// Of a completion, before its last sentence.
const BYTES: usize = 1_450;

/// A task and its completions.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) task: Task,
    pub(super) samples: Vec<Sample>,
}

/// A task and some of its completions: what one call is handed.
pub(super) type Call<'a> = (&'a Task, &'a [Sample]);

pub(super) fn groups() -> Vec<Group> {
    (0..TASKS).map(group).collect()
}

/// All rows, so many of a task at a time.
pub(super) fn calls(groups: &[Group], at_a_time: usize) -> Vec<Call<'_>> {
    groups
        .iter()
        .flat_map(|group| group.samples.chunks(at_a_time).map(|samples| (&group.task, samples)))
        .collect()
}

/// What native Rust says of a row; `None` for a reference without a number, which no row has.
pub(super) fn native(task: &Task, sample: &Sample) -> Option<Graded> {
    Some(grade(&answer(&task.reference)?, &sample.text, sample.token_ids.len()))
}

/// What each row must get, in order.
pub(super) fn wanted(groups: &[Group]) -> Vec<f64> {
    calls(groups, 1)
        .iter()
        .flat_map(|(task, samples)| samples.iter().map(|sample| native(task, sample)))
        .flatten()
        .map(|graded| graded.reward)
        .collect()
}

fn group(index: usize) -> Group {
    let (apples, days) = (12 + 7 * index, 3 + index);
    let total = apples * days;
    let task = Task {
        id: format!("row-{index}"),
        prompt: format!("A shop sells {apples} apples a day. How many does it sell in {days} days?"),
        prompt_token_ids: (0..32).collect(),
        reference: format!("{apples} * {days} = {total}\n#### {total}"),
        metadata: "{}".to_owned(),
        seed: index as u64,
    };
    let samples = (0..GROUP).map(|sample| completion(apples, days, index + sample)).collect();
    Group { task, samples }
}

/// Two in three are right, and half of them mark their answer.
fn completion(apples: usize, days: usize, variant: usize) -> Sample {
    let mut text = String::with_capacity(BYTES + 200);
    let mut day = 0;
    while text.len() < BYTES {
        day += 1;
        let (sum, ways) = (apples * day, variant + 2);
        let _ = write!(
            text,
            "After day {day} the shop has sold {apples} * {day} = {sum} apples, counted in {ways} ways. "
        );
    }
    let total = apples * days + usize::from(variant.is_multiple_of(3));
    let _ = if variant.is_multiple_of(2) {
        write!(text, "\n#### {total}")
    } else {
        write!(text, "So the shop sells {total}.")
    };
    let token_ids = (0..text.len() as u32 / 4).collect();
    Sample { text, token_ids, finish: Finish::Stop }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_of_one_size_and_of_all_kinds() {
        let groups = groups();
        let wanted = wanted(&groups);
        assert_eq!(wanted.len(), TASKS * GROUP);
        assert_eq!(calls(&groups, GROUP).len(), TASKS);
        for (_, samples) in calls(&groups, 1) {
            assert!((1_450..1_650).contains(&samples[0].text.len()), "{}", samples[0].text.len());
        }
        let mut kinds: Vec<String> = wanted.iter().map(f64::to_string).collect();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds, ["0", "0.1", "1", "1.1"]);
    }
}
