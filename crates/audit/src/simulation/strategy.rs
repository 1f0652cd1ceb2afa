//! The miners of the simulation: when they cheat, what that saves them, and how an audit sees it.

/// When a miner cheats. All of them know the rules and their own standing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plan {
    Never,
    /// Each group with this probability, whoever is looking.
    Blindly(f64),
    /// Nothing until it is trusted; then everything.
    OnceTrusted,
    /// Each group with this probability, but only where no rule forces an audit: the lottery alone can catch it.
    Unforced(f64),
}

/// How an audit sees a group that was cheated on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The probability of a proof.
    pub proof: f64,
    /// The probability that one audit fails it in a statistic.
    pub statistical: f64,
    /// What its rollouts add to the CUSUM's excess, in standard deviations.
    pub shift: f64,
}

impl Detection {
    const PROVEN: Self = Self { proof: 1.0, statistical: 0.0, shift: 0.0 };
}

/// One kind of miner. Money is in prices of an honest group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strategy {
    pub name: &'static str,
    pub what: &'static str,
    pub plan: Plan,
    /// What a group costs it when it cheats, and what it is paid for it.
    pub cost: f64,
    pub revenue: f64,
    pub detection: Detection,
    /// Comes back under a new hotkey after each quarantine, for the price of a registration.
    pub comes_back: bool,
}

impl Strategy {
    pub(crate) const fn is_honest(&self) -> bool {
        matches!(self.plan, Plan::Never)
    }
}

const fn cheat(name: &'static str, what: &'static str, plan: Plan) -> Strategy {
    // a far smaller model writes the text
    Strategy { name, what, plan, cost: 0.05, revenue: 1.0, detection: Detection::PROVEN, comes_back: false }
}

/// All strategies; the first is honest.
pub const STRATEGIES: &[Strategy] = &[
    Strategy {
        cost: 0.6,
        ..cheat("honest", "runs the checkpoint as asked, and is falsely rejected now and then", Plan::Never)
    },
    cheat("always", "another, far cheaper model for every group", Plan::Blindly(1.0)),
    cheat("half", "the cheaper model for every second group", Plan::Blindly(0.5)),
    Strategy {
        comes_back: true,
        ..cheat("tenth", "the cheaper model for one group in ten", Plan::Blindly(0.1))
    },
    Strategy {
        comes_back: true,
        ..cheat("hundredth", "the cheaper model for one group in a hundred", Plan::Blindly(0.01))
    },
    Strategy {
        comes_back: true,
        ..cheat("turncoat", "honest until it is trusted, then the cheaper model", Plan::OnceTrusted)
    },
    cheat("careful", "the cheaper model wherever no rule forces an audit", Plan::Unforced(1.0)),
    Strategy {
        comes_back: true,
        ..cheat("careful-rare", "the same for one such group in fifty", Plan::Unforced(0.02))
    },
    Strategy {
        comes_back: true,
        ..cheat("sybil", "`always`, under a new hotkey after each quarantine", Plan::Blindly(1.0))
    },
    Strategy {
        comes_back: true,
        ..cheat("sybil-careful", "`careful`, under a new hotkey after each quarantine", Plan::Unforced(1.0))
    },
    Strategy {
        cost: 0.5,
        detection: Detection { proof: 0.0, statistical: 0.9, shift: 1.0 },
        comes_back: true,
        ..cheat(
            "stale",
            "the previous checkpoint's weights wherever no rule forces an audit",
            Plan::Unforced(1.0),
        )
    },
    Strategy {
        cost: 0.4,
        detection: Detection { proof: 0.0, statistical: 0.3, shift: 0.8 },
        comes_back: true,
        ..cheat(
            "quantised",
            "8-bit weights, which a single audit mostly misses, for every group",
            Plan::Blindly(1.0),
        )
    },
    Strategy {
        cost: 0.4,
        detection: Detection { proof: 0.0, statistical: 0.3, shift: 0.8 },
        comes_back: true,
        ..cheat("quantised-careful", "the same wherever no rule forces an audit", Plan::Unforced(1.0))
    },
    Strategy {
        cost: 0.8,
        revenue: 1.3,
        comes_back: true,
        ..cheat(
            "best-of-n",
            "several tries with a cheaper model, the best one sent: fewer groups are filtered",
            Plan::Unforced(1.0),
        )
    },
];
