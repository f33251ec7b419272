//! The nearest known name to one that is not known.
//!
//! Not here: what to do about it.

/// Edits that a word cut short counts as, however much is missing.
const CUT_SHORT: usize = 2;
/// Shortest word that may be one cut short.
const CUT_SHORT_CHARS_MIN: usize = 3;

/// The candidate that takes the fewest edits, insertions, deletions and swaps of neighbours included; the
/// first of equals. A candidate whose last part is the very word that was written wins: it is only misplaced.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let word_last = last(word);
    candidates.into_iter().min_by_key(|candidate| {
        let misplaced = last(candidate) == word_last;
        let cut_short = word.chars().count() >= CUT_SHORT_CHARS_MIN && candidate.starts_with(word);
        let edits = distance(word, candidate);
        (!misplaced, if cut_short { edits.min(CUT_SHORT) } else { edits })
    })
}

/// The optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn misspelt_and_misplaced() {
        let known = ["run.layout", "run.currency", "venue.latency", "risk"];
        assert_eq!(nearest("run.layuot", known), Some("run.layout"));
        assert_eq!(nearest("latency", known), Some("venue.latency"));
        assert_eq!(nearest("rsk", known), Some("risk"));
        assert_eq!(nearest("tick", ["lot", "tick_size"]), Some("tick_size"));
        assert_eq!(nearest("x", []), None);
    }
}
