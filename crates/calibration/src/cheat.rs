//! The negative controls: each a way to be paid for work that was not done, played as its miner would.
//!
//! A cheat ends as a [`Played`] rollout under the honest task's name. Everything that a miner can recompute (chain,
//! head, signature) is taken as done right: the controls are about what the numbers alone give away.

use foreign::Alter;
use grail::ids::Randomness;
use grail::sampler::Sampling;

use crate::Error;
use crate::dice::Dice;
use crate::evidence::Against;
use crate::runner::{Due, Played, Runner};
use crate::subject::{Arithmetic, Subject, Weights};

/// Candidates of `best_of_n`.
const CANDIDATES: u8 = 4;
/// What `edited_logprobs` adds to each log-prob it touches.
const EDIT: f32 = -0.5;
/// Of a state's rms: what `substituted_token_noised` adds.
const NOISE: f32 = 0.07;
/// Where `substituted_token` strikes: before every length that is measured.
const SUBSTITUTED: std::ops::RangeInclusive<usize> = 4..=27;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cheat {
    AllZero,
    Constant,
    Random,
    ShuffledPositions,
    ShuffledDimensions,
    OtherPrompt,
    /// Text changed, records kept.
    SubstitutedToken,
    /// Text changed, then prefilled honestly.
    SubstitutedPrefilled,
    /// The same, with noise in the changed token's state, to buy a discount for its miss.
    SubstitutedNoised,
    EditedLogprobs,
    /// A quarter of the positions.
    EditedLogprobsSparse,
    WrongSeed,
    BestOfN,
    /// Text by an int4 model under the right seeds, then prefilled honestly.
    Drafted,
    Other(Weights),
}

impl Cheat {
    /// Controls that a profile must catch every time: a scheme that lets these through proves nothing.
    pub(crate) const ELEMENTARY: [Self; 5] =
        [Self::AllZero, Self::Constant, Self::Random, Self::ShuffledPositions, Self::ShuffledDimensions];

    /// All that the subject has the weights for.
    pub(crate) fn all(subject: &Subject) -> Vec<Self> {
        use Cheat as C;
        let altered = |alter| C::Other(Weights::Altered(alter));
        let middle = subject.config.num_hidden_layers / 2;
        let mut all = vec![
            C::AllZero,
            C::Constant,
            C::Random,
            C::ShuffledPositions,
            C::ShuffledDimensions,
            C::OtherPrompt,
            C::SubstitutedToken,
            C::SubstitutedPrefilled,
            C::SubstitutedNoised,
            C::EditedLogprobs,
            C::EditedLogprobsSparse,
            C::WrongSeed,
            C::BestOfN,
            C::Drafted,
            altered(Alter::Int8),
            altered(Alter::Fp8),
            altered(Alter::Int4),
            altered(Alter::DropLayer(middle)),
            altered(Alter::Reseed(1)),
        ];
        all.extend(subject.has_previous().then_some(C::Other(Weights::Previous)));
        all.extend(subject.step_counts().map(|steps| C::Other(Weights::Steps(steps))));
        all
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::AllZero => "all_zero".to_owned(),
            Self::Constant => "constant_1e12".to_owned(),
            Self::Random => "random".to_owned(),
            Self::ShuffledPositions => "shuffled_positions".to_owned(),
            Self::ShuffledDimensions => "shuffled_dimensions".to_owned(),
            Self::OtherPrompt => "other_prompt".to_owned(),
            Self::SubstitutedToken => "substituted_token".to_owned(),
            Self::SubstitutedPrefilled => "substituted_token_prefilled".to_owned(),
            Self::SubstitutedNoised => "substituted_token_noised".to_owned(),
            Self::EditedLogprobs => "edited_logprobs".to_owned(),
            Self::EditedLogprobsSparse => "edited_logprobs_quarter".to_owned(),
            Self::WrongSeed => "wrong_seed".to_owned(),
            Self::BestOfN => format!("best_of_{CANDIDATES}"),
            Self::Drafted => "drafted_by_int4".to_owned(),
            Self::Other(Weights::Current) => "honest".to_owned(),
            Self::Other(Weights::Altered(alter)) => alter.name().to_owned(),
            Self::Other(Weights::Previous) => "previous_checkpoint".to_owned(),
            Self::Other(Weights::Steps(steps)) => format!("stale_{steps}"),
        }
    }

    /// Differential tests are about other weights alone. A checkpoint some steps away is to its successor what the
    /// previous checkpoint is to the current one.
    pub(crate) fn against(self) -> Against {
        match self {
            Self::Other(Weights::Steps(steps)) => Against::Only(Weights::Steps(steps)),
            Self::Other(_) => Against::Known,
            _ => Against::Nothing,
        }
    }

    /// The weights that the cheating miner samples with.
    fn weights(self) -> Weights {
        match self {
            Self::Other(weights) => weights,
            Self::Drafted => Weights::Altered(Alter::Int4),
            _ => Weights::Current,
        }
    }
}

/// Plays one cheat on one engine.
pub(crate) struct Cheater<'s> {
    subject: &'s Subject,
    cheat: Cheat,
    sampling: Sampling,
    honest: Runner,
    sampler: Option<Runner>,
}

impl<'s> Cheater<'s> {
    pub(crate) fn new(
        subject: &'s Subject,
        cheat: Cheat,
        arithmetic: Arithmetic,
        sampling: Sampling,
    ) -> Result<Self, Error> {
        let sampler = match cheat.weights() {
            Weights::Current => None,
            weights => Some(subject.load(arithmetic, weights)?),
        };
        let honest = subject.load(arithmetic, Weights::Current)?;
        Ok(Self { subject, cheat, sampling, honest, sampler })
    }

    pub(crate) fn play(
        &self,
        due: &[Due<'_>],
        lengths: &[usize],
        dice: &mut Dice,
    ) -> Result<Vec<Played>, Error> {
        let runner = self.sampler.as_ref().unwrap_or(&self.honest);
        match self.cheat {
            Cheat::OtherPrompt => {
                let elsewhere: Vec<Due<'_>> = due.iter().map(|due| self.other_prompt(due)).collect();
                runner.play(&elsewhere, self.sampling, lengths)
            }
            Cheat::WrongSeed => runner.play(&other_draws(due, 1), self.sampling, lengths),
            Cheat::BestOfN => self.best(due, lengths),
            Cheat::Drafted => {
                let drafted = runner.play(due, self.sampling, lengths)?;
                self.prefilled(due, &drafted)
            }
            Cheat::SubstitutedPrefilled | Cheat::SubstitutedNoised => {
                let mut played = runner.play(due, self.sampling, lengths)?;
                let places: Vec<usize> =
                    played.iter_mut().map(|played| self.substitute(played, dice)).collect();
                let mut played = self.prefilled(due, &played)?;
                if self.cheat == Cheat::SubstitutedNoised {
                    for (played, at) in played.iter_mut().zip(places) {
                        if let Some(state) = played.states.get_mut(at) {
                            blur(state, dice);
                        }
                    }
                }
                Ok(played)
            }
            _ => {
                let mut played = runner.play(due, self.sampling, lengths)?;
                for played in &mut played {
                    self.forge(played, dice);
                }
                Ok(played)
            }
        }
    }

    fn other_prompt<'d>(&'d self, due: &Due<'d>) -> Due<'d> {
        let prompts = &self.subject.prompts;
        let at = prompts.iter().position(|prompt| prompt == due.prompt).unwrap_or(0);
        Due { prompt: &prompts[(at + 1) % prompts.len()], ..due.clone() }
    }

    /// Changes what is committed to, after an honest run.
    fn forge(&self, played: &mut Played, dice: &mut Dice) {
        let states = &mut played.states;
        match self.cheat {
            Cheat::AllZero => states.iter_mut().for_each(|state| state.fill(0.0)),
            Cheat::Constant => states.iter_mut().for_each(|state| state.fill(1e12)),
            Cheat::Random => states.iter_mut().flatten().for_each(|value| *value = dice.normal()),
            Cheat::ShuffledPositions => dice.shuffle(states),
            Cheat::ShuffledDimensions => {
                let mut order: Vec<usize> = (0..states.first().map_or(0, Vec::len)).collect();
                dice.shuffle(&mut order);
                for state in states {
                    *state = order.iter().map(|from| state[*from]).collect();
                }
            }
            Cheat::SubstitutedToken => {
                self.substitute(played, dice);
            }
            Cheat::EditedLogprobs => played.logprobs.iter_mut().for_each(|lp| *lp += EDIT),
            Cheat::EditedLogprobsSparse => {
                let quarter = dice.below(4);
                played.logprobs.iter_mut().skip(quarter).step_by(4).for_each(|lp| *lp += EDIT);
            }
            _ => {}
        }
    }

    /// Puts another token somewhere and says where.
    fn substitute(&self, played: &mut Played, dice: &mut Dice) -> usize {
        let at = dice.between(*SUBSTITUTED.start(), *SUBSTITUTED.end());
        if let Some(token) = played.tokens.get_mut(at) {
            let step = dice.between(1, self.subject.config.vocab_size - 1) as u32;
            *token = (*token + step) % self.subject.config.vocab_size as u32;
        }
        at
    }

    /// The honest engine's states and log-probs of a text from elsewhere.
    fn prefilled(&self, due: &[Due<'_>], texts: &[Played]) -> Result<Vec<Played>, Error> {
        let tokens: Vec<&[u32]> = texts.iter().map(|played| played.tokens.as_slice()).collect();
        let checked = self.honest.prefill(due, self.sampling, &tokens)?;
        let merged = texts.iter().zip(checked).map(|(text, checked)| Played {
            tokens: text.tokens.clone(),
            states: checked.states,
            logprobs: checked.logprobs,
        });
        Ok(merged.collect())
    }

    /// The likeliest of several texts, where a reward would choose the best.
    fn best(&self, due: &[Due<'_>], lengths: &[usize]) -> Result<Vec<Played>, Error> {
        let mut best: Vec<Played> = Vec::new();
        for candidate in 1..=CANDIDATES {
            let played = self.honest.play(&other_draws(due, candidate), self.sampling, lengths)?;
            if best.is_empty() {
                best = played;
                continue;
            }
            for (best, played) in best.iter_mut().zip(played) {
                let score = |played: &Played| played.logprobs.iter().sum::<f32>();
                if score(&played) > score(best) {
                    *best = played;
                }
            }
        }
        Ok(best)
    }
}

/// Noise as large as a bf16 engine's worst positions.
fn blur(state: &mut [f32], dice: &mut Dice) {
    let rms = (state.iter().map(|x| x * x).sum::<f32>() / state.len() as f32).sqrt();
    for value in state {
        *value += NOISE * rms * dice.normal();
    }
}

/// The same places with draws of the miner's own.
fn other_draws<'d>(due: &[Due<'d>], by: u8) -> Vec<Due<'d>> {
    let other = |due: &Due<'d>| {
        let mut due = due.clone();
        due.seeds.randomness = Randomness([by ^ 0x5a; 32]);
        due
    };
    due.iter().map(other).collect()
}
