//! What a wish, and the order that comes of it, is for.
//!
//! Why: a boundary may hold both a decision and an exit of the same symbol. Without a word of its own, an exit's order
//! or refusal looks like the decision's.
//! Not here: when a position is left (`strategy`), what comes of a decision (`report`).

/// What a wish is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// What agents or a rule decided; a rule's own ways out included.
    Decision = 0,
    /// To leave a position at its stop.
    Stop = 1,
    /// To leave a position at its target.
    Target = 2,
    /// To leave a position that stood long enough.
    TimeStop = 3,
    /// To cancel what still works. It makes no order.
    Withdrawal = 4,
}

impl Purpose {
    /// All, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Decision, Self::Stop, Self::Target, Self::TimeStop, Self::Withdrawal];

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::TimeStop => "time_stop",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// The purpose of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// Whether it leaves a position without asking anybody.
    pub const fn is_exit(self) -> bool {
        matches!(self, Self::Stop | Self::Target | Self::TimeStop)
    }

    /// The purpose of a code that was written by this program.
    pub(crate) fn of_code(code: u64) -> Self {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code).copied()).expect("a purpose's code")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_read_as_they_are_written() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::of_code(purpose as u64), purpose);
            assert_eq!(Purpose::parse(purpose.name()), Some(purpose));
        }
        assert_eq!(Purpose::parse("time"), None);
        let exits = Purpose::ALL.map(Purpose::is_exit);
        assert_eq!(exits, [false, true, true, true, false]);
    }
}
