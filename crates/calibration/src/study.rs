//! The whole measurement: honest runs give limits, further honest runs give the false-reject rate, cheats give the
//! detection rates; everything on the same rollouts for every scheme.

use grail::calibration::{Calibration, Control, FalseRejects, Sampler};
use grail::hash::Transcript;
use grail::ids::{PromptId, Randomness};
use grail::projection::Width;
use grail::sampler::Sampling;
use grail::seed::SeedStream;

use crate::Error;
use crate::cheat::{Cheat, Cheater};
use crate::dice::Dice;
use crate::evidence::{Against, Caps, Lens, Verifier};
use crate::fit;
use crate::limits::{Base, Honest, TARGET, alternative_wins};
use crate::rival;
use crate::runner::Due;
use crate::subject::{Arithmetic, Subject, Weights};
use crate::tally::{Tally, is_refused};

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
    /// Per miner's engine, one for each width.
    pub false_rejects: Vec<(String, [FalseRejects; 2])>,
    pub rows: Vec<Row>,
}

/// The name of honest rollouts among the cheats.
pub const HONEST: &str = "honest";

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
pub(crate) struct Fitted {
    pub(crate) calibrations: Vec<Calibration>,
    pub(crate) toploc: [f64; 3],
    pub(crate) seed_only: [f64; 2],
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

    /// The `index`-th rollout of a run. Runs have their own randomness, so no two share a draw; what limits are fitted to
    /// has other prompts than what they are tried on.
    fn due(&self, run: &Run<'_>, index: usize) -> Due<'s> {
        let group = index / GROUP;
        let hash = |label: &str, number: u64| {
            Transcript::new(label).bytes(run.name.as_bytes()).u64(self.size.seed).u64(number).finish()
        };
        let seeds = SeedStream {
            randomness: Randomness(hash("reliquary/calibration/randomness", 0)),
            checkpoint: self.subject.checkpoint.id,
            prompt: PromptId(hash("reliquary/calibration/prompt", group as u64)),
        };
        let prompts = &self.subject.prompts;
        let (fitted, tried) = prompts.split_at(prompts.len() / 2);
        let prompts = if run.fits && !fitted.is_empty() { fitted } else { tried };
        Due { prompt: &prompts[group % prompts.len()], seeds, sample: (index % GROUP) as u32 }
    }

    /// Goes through the rollouts of a run in batches of similar lengths, as `(rollouts, length of each)`.
    pub(crate) fn batches(
        &self,
        run: &Run<'_>,
        mut each: impl FnMut(&[Due<'s>], &[usize]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut indices: Vec<usize> = (0..run.count).collect();
        indices.sort_by_key(|index| ((run.length)(index / GROUP), *index));
        for (done, part) in indices.chunks(BATCH).enumerate() {
            let due: Vec<Due<'s>> = part.iter().map(|index| self.due(run, *index)).collect();
            let lengths: Vec<usize> = part.iter().map(|index| (run.length)(index / GROUP)).collect();
            each(&due, &lengths)?;
            let done = run.count.min((done + 1) * BATCH);
            (self.progress)(&format!("{} {}", self.class.name, run.name), done, run.count);
        }
        Ok(())
    }

    fn lens<'w>(&self, whitening: &'w [f32], caps: Caps) -> Lens<'w> {
        Lens { sampling: self.sampling, whitening, caps }
    }

    /// 1/rms of each dimension of the first verifier's states over honest rollouts.
    fn whitening(&self) -> Result<Vec<f32>, Error> {
        let miner = self.subject.load(self.class.miners[0], Weights::Current)?;
        let mut squares = vec![0.0_f64; self.subject.config.hidden_size];
        let mut positions = 0.0;
        let run = Run { name: "whitening", count: BATCH, length: |_| 128, fits: true };
        self.batches(&run, |due, lengths| {
            let played = miner.play(due, self.sampling, lengths)?;
            for checked in self.verifiers[0].check(due, self.sampling, &played)? {
                for state in &checked.states {
                    squares.iter_mut().zip(state).for_each(|(sum, x)| *sum += f64::from(*x).powi(2));
                    positions += 1.0;
                }
            }
            Ok(())
        })?;
        Ok(squares.into_iter().map(|sum| (positions / sum.max(1e-12)).sqrt() as f32).collect())
    }

    fn fit(&mut self, whitening: &[f32]) -> Result<Vec<Fitted>, Error> {
        let mut honest: Vec<Vec<Honest>> =
            self.verifiers.iter().map(|_| Width::ALL.iter().map(|_| Honest::default()).collect()).collect();
        let mut toploc: Vec<[Vec<f64>; 3]> = self.verifiers.iter().map(|_| Default::default()).collect();
        let lens = self.lens(whitening, [0.0; 2]);
        let mut seed_only: Vec<[Vec<f64>; 2]> = self.verifiers.iter().map(|_| Default::default()).collect();
        for (number, miner) in self.class.miners.iter().enumerate() {
            let runner = self.subject.load(*miner, Weights::Current)?;
            let name = format!("limits {}", miner.id());
            let run = Run { name: &name, count: self.size.fit, length, fits: true };
            let mut batch = 0;
            self.batches(&run, |due, lengths| {
                let played = runner.play(due, self.sampling, lengths)?;
                batch += 1;
                for (v, verifier) in self.verifiers.iter().enumerate() {
                    let against = if batch % 6 == 1 { Against::All } else { Against::Nothing };
                    let evidence = verifier.examine(due, &played, &lens, against)?;
                    for (played, evidence) in played.iter().zip(evidence) {
                        let found = rival::toploc(&played.states, &evidence.checked.states);
                        toploc[v].iter_mut().zip(found).for_each(|(all, found)| all.push(found));
                        let found = rival::seed_only(&evidence.checked.misses);
                        seed_only[v].iter_mut().zip(found).for_each(|(all, found)| all.push(found));
                        honest[v].iter_mut().zip(evidence.measured).for_each(|(all, m)| all.add(number, m));
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

    /// Counts false rejects on rollouts that no limit was fitted to. A seventh of the batches has the differential test,
    /// as in production.
    fn honest(
        &self,
        miner: Arithmetic,
        whitening: &[f32],
        fitted: &[Fitted],
        findings: &mut [Findings],
    ) -> Result<(), Error> {
        let runner = self.subject.load(miner, Weights::Current)?;
        let mut rejected = vec![[0; Width::ALL.len()]; self.verifiers.len()];
        let mut tallies: Vec<Tally> = self.verifiers.iter().map(|_| Tally::default()).collect();
        let mut batch = 0;
        let name = format!("honest {}", miner.id());
        let run = Run { name: &name, count: self.size.honest, length, fits: false };
        self.batches(&run, |due, lengths| {
            let played = runner.play(due, self.sampling, lengths)?;
            batch += 1;
            let against = if batch % 7 == 1 { Against::Known } else { Against::Nothing };
            for (v, verifier) in self.verifiers.iter().enumerate() {
                let (calibrations, caps) = (&fitted[v].calibrations, fitted[v].caps());
                let evidence = verifier.examine(due, &played, &self.lens(whitening, caps), against)?;
                for (evidence, tokens) in evidence.iter().zip(lengths) {
                    for ((calibration, measured), rejected) in
                        calibrations.iter().zip(&evidence.measured).zip(&mut rejected[v])
                    {
                        let refused = is_refused(calibration, measured, *tokens)
                            || alternative_wins(calibration, measured, *tokens);
                        *rejected += u64::from(refused);
                    }
                    tallies[v].honest(calibrations, evidence, *tokens);
                }
            }
            Ok(())
        })?;
        let n = self.size.honest as u64;
        for ((findings, rejected), tally) in findings.iter_mut().zip(rejected).zip(tallies) {
            let rate = |rejected| fit::false_rejects(TARGET, rejected, n);
            findings.false_rejects.push((miner.id(), rejected.map(rate)));
            findings.add(tally);
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
        let name = cheat.name();
        let run = Run { name: &name, count: self.size.controls, length: control_length, fits: false };
        self.batches(&run, |due, lengths| {
            let played = cheater.play(due, lengths, &mut dice)?;
            for ((verifier, fitted), tally) in self.verifiers.iter().zip(fitted).zip(&mut tallies) {
                let evidence =
                    verifier.examine(due, &played, &self.lens(whitening, fitted.caps()), cheat.against())?;
                for (played, evidence) in played.iter().zip(&evidence) {
                    tally.add(cheat, fitted, played, evidence, &mut dice)?;
                }
            }
            Ok(())
        })?;
        for (findings, tally) in findings.iter_mut().zip(tallies) {
            findings.add(tally);
        }
        Ok(())
    }
}

/// What rollouts a run has.
pub(crate) struct Run<'n> {
    pub(crate) name: &'n str,
    pub(crate) count: usize,
    /// Tokens of the rollouts of a group.
    pub(crate) length: fn(usize) -> usize,
    /// Limits are fitted to it.
    pub(crate) fits: bool,
}

/// Every length up to 512: a quarter up to 64, half up to 192, the rest longer; some exactly 512.
pub(crate) fn length(group: usize) -> usize {
    // a fixed scramble, so that groups of all lengths have all prompts
    let scrambled = (group as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let part = |from: usize, to: usize| from + (scrambled / 8) as usize % (to - from);
    match scrambled % 8 {
        0 | 1 => part(1, 64),
        2..=5 => part(64, 192),
        6 => part(192, 512),
        _ => 512,
    }
}

/// A third long, so that 512 tokens are measured, the others 128.
pub(crate) fn control_length(group: usize) -> usize {
    if group.is_multiple_of(3) { 512 } else { 128 }
}

/// Writes what was measured into the documents.
fn fill_in(findings: &mut Findings) {
    for (width, calibration) in findings.calibrations.iter_mut().enumerate() {
        let rates = findings.false_rejects.iter().map(|(_, rates)| rates[width]);
        let (rejected, n) = rates.fold((0, 0), |(rejected, n), rate| (rejected + rate.rejected, n + rate.n));
        calibration.false_rejects = fit::false_rejects(TARGET, rejected, n);
        let scheme = format!("grail-r1/k{}", calibration.k);
        let rows = findings.rows.iter().filter(|row| row.scheme == scheme && row.cheat != HONEST);
        let control = |row: &Row| Control {
            cheat: row.cheat.clone(),
            tokens: row.tokens as u32,
            detected: row.detected,
            n: row.n,
        };
        calibration.controls = rows.map(control).collect();
    }
}

impl Fitted {
    fn caps(&self) -> Caps {
        std::array::from_fn(|i| self.calibrations[i].discount_cap)
    }
}

impl Findings {
    /// Adds counts to the rows that are there, or new ones.
    fn add(&mut self, tally: Tally) {
        for row in tally.0 {
            let same = |known: &&mut Row| {
                (&known.cheat, &known.scheme, known.tokens) == (&row.cheat, &row.scheme, row.tokens)
            };
            match self.rows.iter_mut().find(same) {
                Some(known) => {
                    known.detected += row.detected;
                    known.n += row.n;
                }
                None => self.rows.push(row),
            }
        }
    }

    /// Elementary controls that were not caught every time: with any of them, a profile must not be written.
    pub fn uncaught(&self) -> Vec<&Row> {
        let elementary = Cheat::ELEMENTARY.map(Cheat::name);
        let ours = |row: &&Row| row.scheme == "grail-r1/k16" || row.scheme == "grail-r1/k8";
        let missed = |row: &&Row| elementary.contains(&row.cheat) && row.detected < row.n;
        self.rows.iter().filter(ours).filter(missed).collect()
    }
}
