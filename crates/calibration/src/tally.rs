//! Counts of one cheat, by scheme and length.

use grail::calibration::Calibration;
use grail::tolerance;

use crate::Error;
use crate::cheat::Cheat;
use crate::dice::Dice;
use crate::evidence::{Against, Evidence, LENGTHS, Measured};
use crate::limits::alternative_wins;
use crate::rival;
use crate::runner::Played;
use crate::study::{Fitted, HONEST, Row};

/// Counts of one cheat.
#[derive(Default)]
pub(crate) struct Tally(pub(crate) Vec<Row>);

impl Tally {
    fn count(&mut self, cheat: Cheat, scheme: String, tokens: usize, detected: bool) {
        self.row(cheat.name(), scheme, tokens, detected);
    }

    fn row(&mut self, cheat: String, scheme: String, tokens: usize, detected: bool) {
        let known = self.0.iter().position(|row| row.scheme == scheme && row.tokens == tokens);
        let at = known.unwrap_or_else(|| {
            self.0.push(Row { cheat, scheme, tokens, detected: 0, n: 0 });
            self.0.len() - 1
        });
        let row = &mut self.0[at];
        row.detected += u64::from(detected);
        row.n += 1;
    }

    /// False rejects at each length, beside the cheats.
    pub(crate) fn honest(&mut self, calibrations: &[Calibration], evidence: &Evidence, length: usize) {
        for tokens in LENGTHS.into_iter().filter(|tokens| *tokens <= length) {
            for (calibration, measured) in calibrations.iter().zip(&evidence.measured) {
                let refused = is_refused(calibration, measured, tokens);
                self.row(HONEST.to_owned(), format!("grail-r1/k{}", calibration.k), tokens, refused);
            }
        }
    }

    pub(crate) fn add(
        &mut self,
        cheat: Cheat,
        fitted: &Fitted,
        played: &Played,
        evidence: &Evidence,
        dice: &mut Dice,
    ) -> Result<(), Error> {
        for tokens in LENGTHS.into_iter().filter(|tokens| *tokens <= played.tokens.len()) {
            for (calibration, measured) in fitted.calibrations.iter().zip(&evidence.measured) {
                let scheme = format!("grail-r1/k{}", calibration.k);
                let in_range = measured.in_range >= tokens;
                let exceeded = exceeded(calibration, measured, tokens);
                let refused = !in_range || !exceeded.is_empty();
                let differs = alternative_wins(calibration, measured, tokens);
                self.count(cheat, scheme.clone(), tokens, refused || differs);
                if calibration.k == 16 {
                    self.channels(cheat, &exceeded, in_range, tokens);
                    if cheat.against() != Against::Nothing {
                        self.count(cheat, format!("{scheme}/differential"), tokens, differs);
                    }
                }
            }
            let (miner, verifier) = (&played.states[..tokens], &evidence.checked.states[..tokens]);
            let accepts = rival::legacy_accepts(miner, verifier, cheat == Cheat::Constant, dice)?;
            self.count(cheat, "legacy".to_owned(), tokens, !accepts);
            let found = rival::toploc(miner, verifier);
            let above = found.iter().zip(fitted.toploc).any(|(found, limit)| *found > limit);
            self.count(cheat, "toploc".to_owned(), tokens, above);
            let found = rival::seed_only(&evidence.checked.misses[..tokens]);
            let above = found.iter().zip(fitted.seed_only).any(|(found, limit)| *found > limit);
            self.count(cheat, "seed-only".to_owned(), tokens, above);
        }
        Ok(())
    }

    fn channels(&mut self, cheat: Cheat, exceeded: &[&str], in_range: bool, tokens: usize) {
        for (channel, names, range) in [
            ("activation", &["activation", "activation_typical"][..], true),
            ("logprob", &["logprob_error", "logprob_bias", "worst_logprob"], false),
            ("seed", &["cdf_miss", "worst_miss", "hard_misses"], false),
        ] {
            let above = exceeded.iter().any(|name| names.contains(name));
            let scheme = format!("grail-r1/k16/{channel}");
            self.count(cheat, scheme, tokens, above || (range && !in_range));
        }
    }
}

/// True when a rollout of this length would be refused, differential test aside.
pub(crate) fn is_refused(calibration: &Calibration, measured: &Measured, tokens: usize) -> bool {
    measured.in_range < tokens || !exceeded(calibration, measured, tokens).is_empty()
}

fn exceeded(calibration: &Calibration, measured: &Measured, tokens: usize) -> Vec<&'static str> {
    tolerance::exceeded(calibration, &measured.series.prefix(tokens), 1.0)
}
