//! The whole measurement: honest runs give limits, further honest runs give the false-reject rate, cheats give the
//! detection rates; everything on the same rollouts for every scheme.

use grail::calibration::{Calibration, Control, FalseRejects, Sampler};
use grail::hash::Transcript;
use grail::ids::{PromptId, Randomness};
use grail::projection::Width;
use grail::sampler::Sampling;
use grail::seed::SeedStream;
use grail::statistics::Statistics;
use grail::tolerance;

use crate::Error;
use crate::cheat::{Cheat, Cheater};
use crate::dice::Dice;
use crate::evidence::{Against, Evidence, LENGTHS, Measured, Verifier};
use crate::fit;
use crate::limits::{Base, Honest, TARGET, alternative_wins};
use crate::rival;
use crate::runner::{Due, Played};
use crate::subject::{Arithmetic, Subject, Weights};

/// Rollouts of one prompt, as a job's group.
const GROUP: usize = 8;
/// Rollouts that are in memory together.
const BATCH: usize = 64;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Honest rollouts for the limits, per miner's engine.
    pub fit: usize,
    /// Honest rollouts for the false-reject rate, per miner's engine.
    pub honest: usize,
    /// Rollouts of each cheat.
    pub controls: usize,
    pub seed: u64,
}

/// One declared class: the engines that its miners may run, and a verifier's.
#[derive(Debug, Clone)]
pub struct Class {
    pub name: String,
    pub miners: Vec<Arithmetic>,
    pub verifiers: Vec<Arithmetic>,
}

/// What one verifier found of a class.
#[derive(Debug, Clone)]
pub struct Findings {
    pub class: String,
    pub verifier: String,
    /// One for each width; with its controls (limits and differential test together) and false rejects filled in.
    pub calibrations: Vec<Calibration>,
    /// Per miner's engine.
    pub false_rejects: Vec<(String, FalseRejects)>,
    pub rows: Vec<Row>,
}

/// One cell of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub cheat: String,
    pub scheme: String,
    pub tokens: usize,
    pub detected: u64,
    pub n: u64,
}

/// Told of progress as `(what, done, total)`.
pub type Progress<'p> = &'p dyn Fn(&str, usize, usize);

/// Measures one class.
#[expect(missing_debug_implementations, reason = "holds a closure and whole models")]
pub struct Study<'s> {
    pub(crate) subject: &'s Subject,
    class: Class,
    pub(crate) size: Size,
    sampler: Sampler,
    pub(crate) sampling: Sampling,
    progress: Progress<'s>,
    verifiers: Vec<Verifier>,
    dice: Dice,
}

/// Limits of every scheme for one verifier.
struct Fitted {
    calibrations: Vec<Calibration>,
    toploc: [f64; 3],
    seed_only: [f64; 2],
}

impl<'s> Study<'s> {
    pub fn new(
        subject: &'s Subject,
        class: Class,
        size: Size,
        sampler: Sampler,
        progress: Progress<'s>,
    ) -> Result<Self, Error> {
        let sampling = Sampling::new(sampler.temperature, sampler.top_p, sampler.top_k)?;
        let verifiers = class.verifiers.iter().map(|verifier| Verifier::new(subject, *verifier));
        let verifiers = verifiers.collect::<Result<_, _>>()?;
        let dice = Dice::new(size.seed);
        Ok(Self { subject, class, size, sampler, sampling, progress, verifiers, dice })
    }

    pub fn run(&mut self) -> Result<Vec<Findings>, Error> {
        let whitening = self.whitening()?;
        let fitted = self.fit(&whitening)?;
        let mut findings: Vec<Findings> = (self.verifiers.iter().zip(&fitted))
            .map(|(verifier, fitted)| Findings {
                class: self.class.name.clone(),
                verifier: verifier.arithmetic.id(),
                calibrations: fitted.calibrations.clone(),
                false_rejects: Vec::new(),
                rows: Vec::new(),
            })
            .collect();
        for miner in self.class.miners.clone() {
            self.honest(miner, &whitening, &fitted, &mut findings)?;
        }
        for cheat in Cheat::all(self.subject) {
            self.control(cheat, &whitening, &fitted, &mut findings)?;
        }
        findings.iter_mut().for_each(fill_in);
        Ok(findings)
    }

    /// The `index`-th rollout of a run; runs have their own randomness, so no two share a draw.
    fn due(&self, run: &str, index: usize) -> Due<'s> {
        let group = index / GROUP;
        let hash = |label: &str, number: u64| {
            Transcript::new(label).bytes(run.as_bytes()).u64(self.size.seed).u64(number).finish()
        };
        let seeds = SeedStream {
            randomness: Randomness(hash("reliquary/calibration/randomness", 0)),
            checkpoint: self.subject.checkpoint.id,
            prompt: PromptId(hash("reliquary/calibration/prompt", group as u64)),
        };
        let prompt = &self.subject.prompts[group % self.subject.prompts.len()];
        Due { prompt, seeds, sample: (index % GROUP) as u32 }
    }

    /// Goes through `count` rollouts of `tokens(index)` tokens in batches of one length.
    pub(crate) fn batches(
        &self,
        run: &str,
        count: usize,
        tokens: impl Fn(usize) -> usize,
        mut each: impl FnMut(&[Due<'s>], usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut by_length: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
        (0..count).for_each(|index| by_length.entry(tokens(index / GROUP)).or_default().push(index));
        let mut done = 0;
        for (tokens, indices) in by_length {
            for part in indices.chunks(BATCH) {
                let due: Vec<Due<'s>> = part.iter().map(|index| self.due(run, *index)).collect();
                each(&due, tokens)?;
                done += part.len();
                (self.progress)(&format!("{} {run}", self.class.name), done, count);
            }
        }
        Ok(())
    }

    /// 1/rms of each dimension of the first verifier's states over honest rollouts.
    fn whitening(&self) -> Result<Vec<f32>, Error> {
        let miner = self.subject.load(self.class.miners[0], Weights::Current)?;
        let mut squares = vec![0.0_f64; self.subject.config.hidden_size];
        let mut positions = 0.0;
        self.batches(
            "whitening",
            BATCH,
            |_| 128,
            |due, tokens| {
                let played = miner.play(due, self.sampling, tokens)?;
                for checked in self.verifiers[0].check(due, self.sampling, &played)? {
                    for state in &checked.states {
                        squares.iter_mut().zip(state).for_each(|(sum, x)| *sum += f64::from(*x).powi(2));
                        positions += 1.0;
                    }
                }
                Ok(())
            },
        )?;
        Ok(squares.into_iter().map(|sum| (positions / sum.max(1e-12)).sqrt() as f32).collect())
    }

    fn fit(&mut self, whitening: &[f32]) -> Result<Vec<Fitted>, Error> {
        let mut honest: Vec<Vec<Honest>> =
            self.verifiers.iter().map(|_| Width::ALL.iter().map(|_| Honest::default()).collect()).collect();
        let mut toploc: Vec<[Vec<f64>; 3]> = self.verifiers.iter().map(|_| Default::default()).collect();
        let mut seed_only: Vec<[Vec<f64>; 2]> = self.verifiers.iter().map(|_| Default::default()).collect();
        for miner in &self.class.miners {
            let runner = self.subject.load(*miner, Weights::Current)?;
            let run = format!("limits {}", miner.id());
            let mut batch = 0;
            self.batches(&run, self.size.fit, length, |due, tokens| {
                let played = runner.play(due, self.sampling, tokens)?;
                batch += 1;
                for (v, verifier) in self.verifiers.iter().enumerate() {
                    let against = if batch % 6 == 0 { Against::All } else { Against::Nothing };
                    let evidence = verifier.examine(due, self.sampling, &played, whitening, against)?;
                    for (played, evidence) in played.iter().zip(evidence) {
                        let found = rival::toploc(&played.states, &evidence.checked.states);
                        toploc[v].iter_mut().zip(found).for_each(|(all, found)| all.push(found));
                        let found = rival::seed_only(&evidence.checked.misses);
                        seed_only[v].iter_mut().zip(found).for_each(|(all, found)| all.push(found));
                        honest[v].iter_mut().zip(evidence.measured).for_each(|(all, m)| all.add(m));
                    }
                }
                Ok(())
            })?;
        }
        let mut fitted = Vec::new();
        for (v, (verifier, honest)) in self.verifiers.iter().zip(&honest).enumerate() {
            let base = Base {
                checkpoint: self.subject.checkpoint.id,
                numerics: verifier.arithmetic.id(),
                miners: self.class.miners.iter().map(|miner| miner.id()).collect(),
                sampling: self.sampler,
                whitening: whitening.to_vec(),
            };
            let dice = &mut self.dice;
            let calibrations = Width::ALL.iter().zip(honest);
            let calibrations =
                calibrations.map(|(width, honest)| honest.fit(base.clone(), *width, dice)).collect();
            let toploc = std::array::from_fn(|i| fit::limit(&toploc[v][i], TARGET / 3.0, dice));
            let seed_only = std::array::from_fn(|i| fit::limit(&seed_only[v][i], TARGET / 2.0, dice));
            fitted.push(Fitted { calibrations, toploc, seed_only });
        }
        Ok(fitted)
    }

    /// Counts false rejects on rollouts that no limit was fitted to. A tenth of them has the differential test, as in
    /// production.
    fn honest(
        &self,
        miner: Arithmetic,
        whitening: &[f32],
        fitted: &[Fitted],
        findings: &mut [Findings],
    ) -> Result<(), Error> {
        let runner = self.subject.load(miner, Weights::Current)?;
        let mut rejected = vec![0; self.verifiers.len()];
        let mut batch = 0;
        let run = format!("honest {}", miner.id());
        self.batches(&run, self.size.honest, length, |due, tokens| {
            let played = runner.play(due, self.sampling, tokens)?;
            batch += 1;
            for (v, verifier) in self.verifiers.iter().enumerate() {
                let against = if batch % 10 == 0 { Against::Known } else { Against::Nothing };
                let evidence = verifier.examine(due, self.sampling, &played, whitening, against)?;
                let calibrations = &fitted[v].calibrations;
                let refused = |evidence: &&Evidence| {
                    // a profile has one width; the wider is the default
                    let (calibration, measured) = (&calibrations[1], &evidence.measured[1]);
                    is_refused(calibration, measured, tokens)
                        || alternative_wins(calibration, measured, tokens)
                };
                rejected[v] += evidence.iter().filter(refused).count() as u64;
            }
            Ok(())
        })?;
        let n = self.size.honest as u64;
        for (findings, rejected) in findings.iter_mut().zip(rejected) {
            let rate = FalseRejects { target: TARGET, rejected, n, upper95: fit::upper95(rejected, n) };
            findings.false_rejects.push((miner.id(), rate));
        }
        Ok(())
    }

    fn control(
        &mut self,
        cheat: Cheat,
        whitening: &[f32],
        fitted: &[Fitted],
        findings: &mut [Findings],
    ) -> Result<(), Error> {
        let cheater = Cheater::new(self.subject, cheat, self.class.miners[0], self.sampling)?;
        let mut dice = Dice::new(self.dice.word());
        let mut tallies: Vec<Tally> = self.verifiers.iter().map(|_| Tally::default()).collect();
        let run = cheat.name();
        self.batches(&run, self.size.controls, control_length, |due, tokens| {
            let played = cheater.play(due, tokens, &mut dice)?;
            for ((verifier, fitted), tally) in self.verifiers.iter().zip(fitted).zip(&mut tallies) {
                let evidence = verifier.examine(due, self.sampling, &played, whitening, cheat.against())?;
                for (played, evidence) in played.iter().zip(&evidence) {
                    tally.add(cheat, fitted, played, evidence, &mut dice)?;
                }
            }
            Ok(())
        })?;
        for (findings, tally) in findings.iter_mut().zip(tallies) {
            findings.rows.extend(tally.0);
        }
        Ok(())
    }
}

/// Mostly 128 tokens, some short, some long.
pub(crate) fn length(group: usize) -> usize {
    match group % 16 {
        0 => 512,
        1..=3 => 32,
        _ => 128,
    }
}

/// A third long, so that 512 tokens are measured, the others 128.
pub(crate) fn control_length(group: usize) -> usize {
    if group.is_multiple_of(3) { 512 } else { 128 }
}

fn is_refused(calibration: &Calibration, measured: &Measured, tokens: usize) -> bool {
    measured.in_range < tokens
        || tolerance::judge(calibration, &measured.series.prefix(tokens)).verdict.is_err()
}

/// Counts of one cheat.
#[derive(Default)]
struct Tally(Vec<Row>);

impl Tally {
    fn count(&mut self, cheat: Cheat, scheme: String, tokens: usize, detected: bool) {
        let known = self.0.iter().position(|row| row.scheme == scheme && row.tokens == tokens);
        let at = known.unwrap_or_else(|| {
            self.0.push(Row { cheat: cheat.name(), scheme, tokens, detected: 0, n: 0 });
            self.0.len() - 1
        });
        let row = &mut self.0[at];
        row.detected += u64::from(detected);
        row.n += 1;
    }

    fn add(
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
                let refused = is_refused(calibration, measured, tokens);
                let differs = alternative_wins(calibration, measured, tokens);
                self.count(cheat, scheme.clone(), tokens, refused || differs);
                if calibration.k == 16 {
                    self.channels(cheat, calibration, measured, tokens);
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

    fn channels(&mut self, cheat: Cheat, calibration: &Calibration, measured: &Measured, tokens: usize) {
        let exceeded = tolerance::exceeded(calibration, &measured.series.prefix(tokens));
        let in_range = measured.in_range >= tokens;
        for (channel, names, range) in [
            ("activation", &["activation", "activation_typical"][..], true),
            ("logprob", &["logprob_error", "logprob_bias", "worst_logprob"], false),
            ("seed", &["cdf_miss", "worst_miss", "hard_misses"], false),
        ] {
            let above = exceeded.iter().any(|e| names.contains(&Statistics::NAMES[e.statistic]));
            let scheme = format!("grail-r1/k16/{channel}");
            self.count(cheat, scheme, tokens, above || (range && !in_range));
        }
    }
}

/// Writes what was measured into the documents.
fn fill_in(findings: &mut Findings) {
    let (rejected, n) = findings
        .false_rejects
        .iter()
        .fold((0, 0), |(rejected, n), (_, rate)| (rejected + rate.rejected, n + rate.n));
    for calibration in &mut findings.calibrations {
        calibration.false_rejects =
            FalseRejects { target: TARGET, rejected, n, upper95: fit::upper95(rejected, n) };
        let scheme = format!("grail-r1/k{}", calibration.k);
        let rows = findings.rows.iter().filter(|row| row.scheme == scheme);
        let control = |row: &Row| Control {
            cheat: row.cheat.clone(),
            tokens: row.tokens as u32,
            detected: row.detected,
            n: row.n,
        };
        calibration.controls = rows.map(control).collect();
    }
}

impl Findings {
    /// Elementary controls that were not caught every time: with any of them, a profile must not be written.
    pub fn uncaught(&self) -> Vec<&Row> {
        let elementary = Cheat::ELEMENTARY.map(Cheat::name);
        let ours = |row: &&Row| row.scheme == "grail-r1/k16" || row.scheme == "grail-r1/k8";
        let missed = |row: &&Row| elementary.contains(&row.cheat) && row.detected < row.n;
        self.rows.iter().filter(ours).filter(missed).collect()
    }
}
