//! The same measurement for engine class `exact`: miner and verifier both run our engine, and every bit must agree.

use grail::calibration::FalseRejects;

use crate::Error;
use crate::cheat::{Cheat, Cheater};
use crate::dice::Dice;
use crate::evidence::LENGTHS;
use crate::fit;
use crate::runner::{Checked, Played};
use crate::study::{Row, Run, Study, control_length, length};
use crate::subject::{Arithmetic, Weights};

/// The scheme's name in the table.
pub const EXACT: &str = "grail-r1/exact";

/// What class `exact` found: false rejects among honest rollouts, and its rows of the table.
#[derive(Debug, Clone)]
pub struct ExactFindings {
    pub false_rejects: FalseRejects,
    pub rows: Vec<Row>,
}

impl Study<'_> {
    /// Honest rollouts and every control, all on our engine.
    pub fn exact(&self) -> Result<ExactFindings, Error> {
        let verifier = self.subject.load(Arithmetic::Ours, Weights::Current)?;
        let miner = self.subject.load(Arithmetic::Ours, Weights::Current)?;
        let mut rejected = 0;
        let run = Run { name: "honest", count: self.size.honest, length, fits: false };
        self.batches(&run, |due, lengths| {
            let played = miner.play(due, self.sampling, lengths)?;
            let texts: Vec<&[u32]> = played.iter().map(|played| played.tokens.as_slice()).collect();
            let checked = verifier.prefill(due, self.sampling, &texts)?;
            let differs = |(played, checked)| first_difference(played, checked).is_some();
            rejected += played.iter().zip(&checked).filter(|pair| differs(*pair)).count() as u64;
            Ok(())
        })?;
        let mut rows = Vec::new();
        for cheat in Cheat::all(self.subject) {
            let cheater = Cheater::new(self.subject, cheat, Arithmetic::Ours, self.sampling)?;
            let mut dice = Dice::new(self.size.seed);
            let mut counts = LENGTHS.map(|tokens| Row {
                cheat: cheat.name(),
                scheme: EXACT.to_owned(),
                tokens,
                detected: 0,
                n: 0,
            });
            let name = cheat.name();
            let run = Run { name: &name, count: self.size.controls, length: control_length, fits: false };
            self.batches(&run, |due, lengths| {
                let played = cheater.play(due, lengths, &mut dice)?;
                let texts: Vec<&[u32]> = played.iter().map(|played| played.tokens.as_slice()).collect();
                let checked = verifier.prefill(due, self.sampling, &texts)?;
                for (played, checked) in played.iter().zip(&checked) {
                    let first = first_difference(played, checked).unwrap_or(usize::MAX);
                    let tokens = played.tokens.len();
                    for row in counts.iter_mut().filter(|row| row.tokens <= tokens) {
                        row.n += 1;
                        row.detected += u64::from(first < row.tokens);
                    }
                }
                Ok(())
            })?;
            rows.extend(counts);
        }
        let n = self.size.honest as u64;
        Ok(ExactFindings { false_rejects: fit::false_rejects(0.0, rejected, n), rows })
    }
}

/// The first position at which state, log-prob or draw is not what the verifier computes.
fn first_difference(played: &Played, checked: &Checked) -> Option<usize> {
    let bits = |state: &[f32]| state.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    (0..played.tokens.len()).find(|t| {
        bits(&played.states[*t]) != bits(&checked.states[*t])
            || played.logprobs[*t].to_bits() != checked.logprobs[*t].to_bits()
            || checked.misses[*t] > 0.0
    })
}
