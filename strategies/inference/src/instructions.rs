//! Which vector instructions compute the layers. They decide speed and never a result.

/// A way to compute the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// Whatever the compiler was told the machine has. A fused multiply-add is computed in double precision
    /// where the hardware has none, which is slow and exact.
    Portable,
    /// 8 numbers a register: AVX2 and FMA.
    Avx2,
    /// 16 numbers a register: AVX-512F.
    Avx512,
}

impl InstructionSet {
    /// All, from the slowest to the fastest.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// Those that this machine has.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|set| set.is_available())
    }

    /// The fastest that this machine has.
    pub fn best() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// Whether this machine, and its operating system, have it.
    #[cfg(target_arch = "x86_64")]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.is_available(),
        }
    }

    /// Whether this machine has it.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn is_available(self) -> bool {
        self == Self::Portable
    }

    /// As configuration and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portable_one_is_everywhere_and_the_best_is_available() {
        assert!(InstructionSet::Portable.is_available());
        assert!(InstructionSet::best().is_available());
        assert_eq!(InstructionSet::available().last(), Some(InstructionSet::best()));
    }
}
