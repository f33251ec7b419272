//! Random numbers: xoshiro256** of Blackman and Vigna, seeded through splitmix64.
//!
//! A symbol's stream depends on the seed and its own name only, so adding a symbol changes no other.

use crate::math::ln;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

/// The next output of splitmix64 (Steele, Lea, Flood), which spreads a seed over all bits.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self { state: [(); 4].map(|()| splitmix(&mut state)) }
    }

    /// The stream of a seed and a symbol's name (mixed in by FNV-1a).
    pub(crate) fn for_symbol(seed: u64, name: &str) -> Self {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        let mut seed = seed;
        let spread = splitmix(&mut seed);
        Self::new(spread ^ name.bytes().fold(0xCBF2_9CE4_8422_2325, fnv))
    }

    /// 64 random bits.
    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Uniform in (0, 1].
    #[inline]
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// True with this probability.
    #[inline]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() <= probability
    }

    /// Exponential with mean 1.
    #[inline]
    pub(crate) fn exponential(&mut self) -> f64 {
        -ln(self.uniform())
    }

    /// Near normal with mean 0 and deviation 1: the sum of eight uniforms of 16 bits, so within ±4.9.
    #[inline]
    pub(crate) fn normal(&mut self) -> f64 {
        let lanes = |bits: u64| (0..4).map(|i| (bits >> (16 * i)) & 0xFFFF).sum::<u64>();
        let sum = lanes(self.bits()) + lanes(self.bits());
        const MEAN: f64 = 8.0 * 65_535.0 / 2.0;
        // √(8·(2^32 − 1)/12)
        const DEVIATION: f64 = 53_509.919_921_450_08;
        (sum as f64 - MEAN) / DEVIATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_sequence() {
        // First outputs of splitmix64 for seed 1234567, as in the reference test vectors.
        let mut state = 1_234_567;
        let first = [(); 3].map(|()| splitmix(&mut state));
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn xoshiro_follows_its_recurrence() {
        // State 1, 2, 3, 4: the first outputs can be computed by hand: rotl(2·5, 7)·9, then 0.
        let mut random = Random { state: [1, 2, 3, 4] };
        assert_eq!([(); 4].map(|()| random.bits()), [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn moments_are_what_they_should_be() {
        const COUNT: usize = 200_000;
        let mut random = Random::new(1);
        let mut check = |draw: fn(&mut Random) -> f64, mean: f64, variance: f64| {
            let values: Vec<f64> = (0..COUNT).map(|_| draw(&mut random)).collect();
            let got = values.iter().sum::<f64>() / COUNT as f64;
            let spread = values.iter().map(|x| (x - got) * (x - got)).sum::<f64>() / COUNT as f64;
            assert!((got - mean).abs() < 0.01 && (spread - variance).abs() < 0.02, "{got} {spread}");
        };
        check(Random::uniform, 0.5, 1.0 / 12.0);
        check(Random::exponential, 1.0, 1.0);
        check(Random::normal, 0.0, 1.0);
    }

    #[test]
    fn symbols_have_streams_of_their_own() {
        let first = |seed, name| Random::for_symbol(seed, name).bits();
        assert_eq!(first(1, "ALPHA"), first(1, "ALPHA"));
        assert_ne!(first(1, "ALPHA"), first(1, "BRAVO"));
        assert_ne!(first(1, "ALPHA"), first(2, "ALPHA"));
    }
}
