//! Who takes part, and the rounds: everyone for a moment, again and again, so that what else the machine does hits all alike.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::bench::median;

type Turn<'a> = Box<dyn FnMut(Duration) -> anyhow::Result<f64> + 'a>;

/// One way to grade.
pub(super) struct Contender<'a> {
    pub(super) name: &'static str,
    turn: Turn<'a>,
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Contender<'a> {
    /// `turn` grades for about as long as it is told, and says how many samples per second it graded.
    pub(super) fn new(name: &'static str, turn: impl FnMut(Duration) -> anyhow::Result<f64> + 'a) -> Self {
        Self { name, turn: Box::new(turn) }
    }

    /// `call` grades once, and says how many samples; the clock is read every `batch` calls.
    pub(super) fn calling(
        name: &'static str,
        batch: usize,
        mut call: impl FnMut() -> anyhow::Result<usize> + 'a,
    ) -> Self {
        Self::new(name, move |time| {
            let (started, mut samples) = (Instant::now(), 0);
            loop {
                for _ in 0..batch {
                    samples += call()?;
                }
                let elapsed = started.elapsed();
                if elapsed >= time {
                    return Ok(samples as f64 / elapsed.as_secs_f64());
                }
            }
        })
    }
}

/// Each contender's median of the rounds.
pub(super) fn hold(
    contenders: &mut [Contender<'_>],
    rounds: usize,
    turn: Duration,
) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let mut rates: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        for contender in &mut *contenders {
            rates.entry(contender.name).or_default().push((contender.turn)(turn)?);
        }
    }
    Ok(rates.into_iter().map(|(name, rates)| (name, median(rates))).collect())
}

/// 0 of nothing.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_every_round_and_the_median_counts() {
        let mut given = [1.0, 9.0, 2.0].into_iter();
        let mut turns = 0;
        let mut contenders = [
            Contender::new("a", |_| Ok(given.next().unwrap())),
            Contender::calling("b", 2, || {
                turns += 1;
                Ok(16)
            }),
        ];
        let rates = hold(&mut contenders, 3, Duration::ZERO).unwrap();
        drop(contenders);
        assert_eq!(rates["a"], 2.0);
        assert!(rates["b"] > 0.0);
        assert_eq!(turns, 6);
    }
}
