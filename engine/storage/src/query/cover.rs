//! Covering a span with pieces of what sources hold.
//!
//! Not here: reading the pieces (`reader`).

use super::Span;

/// A piece that one source serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub source: usize,
    pub span: Span,
}

/// A span, covered as far as can be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Ascending and disjoint.
    pub pieces: Vec<Piece>,
    /// What no source has, ascending.
    pub holes: Vec<Span>,
}

/// Covers `wanted`: each instant by the first source that holds it. `held` has a list of spans for each source.
pub(crate) fn cover(wanted: Span, held: &[Vec<Span>]) -> Cover {
    let (mut pieces, mut open) = (Vec::new(), vec![wanted]);
    for (source, spans) in held.iter().enumerate() {
        for span in spans {
            let taken = open.iter().filter_map(|hole| hole.intersection(*span));
            pieces.extend(taken.map(|span| Piece { source, span }));
            open = open.into_iter().flat_map(|hole| hole.without(*span)).flatten().collect();
        }
    }
    pieces.sort_by_key(|piece| piece.span.from);
    open.sort_by_key(|hole| hole.from);
    Cover { pieces, holes: open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Nanos;
    use proptest::prelude::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(Nanos(from), Nanos(to)).expect("a span")
    }

    #[test]
    fn the_newest_source_serves_what_it_has_and_older_ones_the_rest() {
        let found =
            cover(span(0, 100), &[vec![span(80, 95)], vec![span(20, 40), span(50, 90)], vec![span(-5, 30)]]);
        let piece = |source, from, to| Piece { source, span: span(from, to) };
        assert_eq!(found.pieces, [piece(2, 0, 20), piece(1, 20, 40), piece(1, 50, 80), piece(0, 80, 95)]);
        assert_eq!(found.holes, [span(40, 50), span(95, 100)]);
    }

    proptest! {
        #[test]
        fn every_instant_is_served_by_the_first_source_that_has_it(
            held in prop::collection::vec(prop::collection::vec((0..40_i64, 1..12_i64), 0..4), 0..4),
            from in 0..30_i64,
            length in 1..30_i64,
        ) {
            let held: Vec<Vec<Span>> = held
                .iter()
                .map(|spans| spans.iter().map(|(from, length)| span(*from, from + length)).collect())
                .collect();
            let found = cover(span(from, from + length), &held);
            let has = |span: &Span, at| span.from <= Nanos(at) && Nanos(at) < span.to;
            for at in -2..80 {
                let inside = from <= at && at < from + length;
                let first = held.iter().position(|spans| spans.iter().any(|span| has(span, at)));
                let served: Vec<usize> =
                    found.pieces.iter().filter(|piece| has(&piece.span, at)).map(|piece| piece.source).collect();
                let expected: Vec<usize> = first.into_iter().filter(|_| inside).collect();
                prop_assert_eq!(served, expected, "at {}", at);
                let holes = found.holes.iter().filter(|hole| has(hole, at)).count();
                prop_assert_eq!(holes, usize::from(inside && first.is_none()), "at {}", at);
            }
            prop_assert!(found.pieces.windows(2).all(|pair| pair[0].span.to <= pair[1].span.from));
        }
    }
}
