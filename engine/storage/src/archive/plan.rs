//! Which files of a partition are put together.
//!
//! Groups are counted off from the partition's first file by rows, and rows neither appear nor vanish in a merge. So
//! groups begin and end at the same sequence numbers whoever plans them and whenever: spans of what is made lie one
//! within the other, never across. That is what lets a reader tell by the name alone which of two files holds.

use catalog::{PartName, superseded};

/// A group is full with so many rows: some 70 MB of trades.
pub(super) const GROUP_ROWS: u64 = 8 * 1024 * 1024;

/// Files that are put together at a time: each is open while they are.
const FILES_AT_ONCE: usize = 64;

/// What is to be done in a partition.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Files that others supersede: what a compaction that was cut short has left.
    pub leftover: Vec<PartName>,
    /// Files to put together, neighbours in order, at least two.
    pub groups: Vec<Vec<PartName>>,
    /// Whether another plan is to follow this one.
    pub is_partial: bool,
}

/// Plans for the files of a partition. Of the last group, which later files may join, only as many rows are rewritten
/// as are new, unless it is `finished`.
pub(super) fn plan(parts: &[PartName], finished: bool, group_rows: u64) -> Plan {
    let is_superseded = superseded(parts);
    let of = |wanted: bool| parts.iter().zip(&is_superseded).filter(move |(_, is)| **is == wanted);
    let leftover: Vec<PartName> = of(true).map(|(part, _)| part.clone()).collect();
    let mut current: Vec<PartName> = of(false).map(|(part, _)| part.clone()).collect();
    current.sort_by(|a, b| (&a.run, a.first).cmp(&(&b.run, b.first)));
    let (mut groups, mut is_partial) = (Vec::new(), false);
    for run in current.chunk_by(|a, b| a.run == b.run) {
        for (mut group, is_full) in counted_off(run, group_rows) {
            let rows: u64 = group.iter().map(|part| part.rows).sum();
            let is_worth_it = is_full || finished || rows - group[0].rows >= group[0].rows;
            if group.len() < 2 || !is_worth_it {
                continue;
            }
            is_partial |= group.len() > FILES_AT_ONCE;
            group.truncate(FILES_AT_ONCE);
            groups.push(group);
        }
    }
    Plan { leftover, groups, is_partial }
}

/// A run's files as groups, and whether each is full.
fn counted_off(parts: &[PartName], group_rows: u64) -> Vec<(Vec<PartName>, bool)> {
    let (mut groups, mut group, mut rows) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        group.push(part.clone());
        rows += part.rows;
        if rows >= group_rows {
            groups.push((std::mem::take(&mut group), true));
            rows = 0;
        }
    }
    if !group.is_empty() {
        groups.push((group, false));
    }
    groups
}

/// What a group becomes.
pub(super) fn merged(group: &[PartName]) -> PartName {
    let (first, last) = (&group[0], &group[group.len() - 1]);
    PartName {
        run: first.run.clone(),
        first: first.first,
        last: last.last,
        rows: group.iter().map(|part| part.rows).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(rows: &[u64]) -> Vec<PartName> {
        let part = |(index, &rows): (usize, &u64)| PartName {
            run: "run".to_owned(),
            first: index as u64 * 100,
            last: index as u64 * 100 + 99,
            rows,
        };
        rows.iter().enumerate().map(part).collect()
    }

    fn spans(plan: &Plan) -> Vec<(u64, u64)> {
        plan.groups
            .iter()
            .map(|group| merged(group))
            .map(|part| (part.first / 100, part.last / 100))
            .collect()
    }

    #[test]
    fn groups_are_counted_off_by_rows() {
        let check = |rows: &[u64], finished, expected: &[(u64, u64)]| {
            assert_eq!(spans(&plan(&parts(rows), finished, 10)), expected, "{rows:?}");
        };
        check(&[], true, &[]);
        check(&[1], true, &[]);
        check(&[1, 2, 3], true, &[(0, 2)]);
        check(&[4, 4, 4, 1, 1], true, &[(0, 2), (3, 4)]);
        check(&[12, 5, 5, 3], true, &[(1, 2)]);
        check(&[6, 2, 1], false, &[]);
        check(&[6, 2, 1, 3], false, &[(0, 3)]);
        check(&[3, 2, 1], false, &[(0, 2)]);
        let many = plan(&parts(&[1; 100]), true, 1_000);
        assert_eq!((spans(&many), many.is_partial), (vec![(0, 63)], true));
    }

    #[test]
    fn runs_are_kept_apart_and_leftovers_are_found() {
        let mut parts = parts(&[1, 1, 1, 1]);
        parts[3].run = "other".to_owned();
        parts.push(merged(&parts[..2]));
        let plan = plan(&parts, true, 10);
        assert_eq!(plan.leftover, parts[..2]);
        assert_eq!(plan.groups, [[parts[4].clone(), parts[2].clone()]]);
    }

    proptest! {
        /// Two who plan at different times, over what either has done, never make spans that lie across.
        #[test]
        fn spans_lie_one_within_the_other(
            rows in prop::collection::vec(1_u64..8, 2..40),
            steps in prop::collection::vec((0_usize..40, any::<bool>(), any::<bool>(), 0_usize..4), 1..30),
        ) {
            let all = parts(&rows);
            let mut made: Vec<PartName> = Vec::new();
            for (known, finished, keeps_old, groups) in steps {
                let mut seen: Vec<PartName> = all[..known.min(all.len())].to_vec();
                seen.extend(made.iter().filter(|part| !keeps_old && part.last <= known as u64 * 100).cloned());
                seen.sort();
                seen.dedup();
                let plan = plan(&seen, finished, 10);
                made.extend(plan.groups.iter().take(groups).map(|group| merged(group)));
            }
            for a in &made {
                for b in &made {
                    let is_apart = a.last < b.first || b.last < a.first;
                    let holds = |a: &PartName, b: &PartName| a.first <= b.first && b.last <= a.last;
                    let is_within = holds(a, b) || holds(b, a);
                    prop_assert!(is_apart || is_within, "{:?} lies across {:?}", a, b);
                }
            }
        }
    }
}
