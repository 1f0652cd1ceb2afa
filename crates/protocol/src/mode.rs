//! Live or test: whether something is bought, done by miners and proven, or for trying out, at no cost and without a proof.

/// In JSON `livemode`: true or false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    #[default]
    Live,
    Test,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    pub fn of(livemode: bool) -> Self {
        if livemode { Self::Live } else { Self::Test }
    }

    pub fn is_live(self) -> bool {
        self == Self::Live
    }

    /// As keys and the header `Reliquary-Mode` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
