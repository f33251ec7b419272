//! Random histories of a store and an engine that restarts.

use super::server::{Mode, Shared};
use super::{close, offer, spill, start};
use crate::{Full, HOLES_MAX, Hole, Policy, Stream, TierReport, Watermarks};
use model::OpenOrders;
use proptest::prelude::*;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Step {
    Offer(u64),
    Set(Mode),
    Pause,
    /// The engine is closed with almost no patience, and started again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let mode = prop_oneof![Just(Mode::Up), Just(Mode::Down), Just(Mode::Unsure), Just(Mode::Empty)];
    let step = prop_oneof![
        4 => (1..200_u64).prop_map(Step::Offer),
        3 => mode.prop_map(Step::Set),
        1 => Just(Step::Pause),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    /// Whatever the store does and however often the engine restarts: rows are stored in order, none twice, and every
    /// missing one is inside a hole or was lost by the store itself.
    #[test]
    fn nothing_is_doubled_and_what_is_missing_is_named(
        steps in steps(),
        drops in any::<bool>(),
        queue_rows in 20..300_usize,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let policy = || if drops { Policy::Drop } else { spill(folder.path(), 1 << 20, Full::Block) };
        let server = Shared::new(Mode::Up);
        let (mut tiers, mut last) = (start(&server, policy(), queue_rows), 0);
        let (mut dropped, mut lost, mut holes, mut unsaved) = (0, false, Vec::new(), 0);
        // Rows whose answer was not seen before a restart are called unsaved, and may be stored.
        let mut is_unsure = false;
        let mut end = |report: TierReport, last_seq: u64| {
            assert!(report.holes.len() <= HOLES_MAX && report.spill_bytes_max <= 1 << 20);
            dropped += report.dropped_rows;
            unsaved += report.unsaved_rows - report.spilled_rows;
            holes.extend(report.holes);
            // What a report does not call stored, it does not claim; a spill's rows are stored later.
            holes.push(Hole { stream: Stream::Ticks, first_seq: report.stored.ticks + 1, last_seq });
        };
        for step in steps {
            match step {
                Step::Offer(rows) => {
                    offer(&mut tiers, last + 1..=last + rows, 17).expect("taken");
                    last += rows;
                }
                Step::Set(mode) => {
                    lost |= mode == Mode::Empty;
                    is_unsure |= mode == Mode::Unsure;
                    server.set(mode);
                }
                Step::Pause => std::thread::sleep(Duration::from_millis(3)),
                Step::Restart => {
                    end(tiers.close(Duration::from_millis(2)).pop().expect("a tier"), last);
                    tiers = start(&server, policy(), queue_rows);
                    tiers.begin(Watermarks { ticks: last, results: 0 }, OpenOrders::default());
                }
            }
        }
        server.set(Mode::Up);
        end(close(tiers), last);
        let ticks = server.ticks();
        prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");
        prop_assert!(drops || dropped == 0);
        if !lost {
            let named = |seq: &u64| holes.iter().any(|hole| (hole.first_seq..=hole.last_seq).contains(seq));
            let missing: Vec<u64> = (1..=last).filter(|seq| ticks.binary_search(seq).is_err()).collect();
            prop_assert!(missing.iter().all(named), "{:?} are missing, {:?} are named", missing, holes);
            let told = dropped + unsaved;
            prop_assert!(missing.len() as u64 == told || (is_unsure && (missing.len() as u64) < told));
            prop_assert!(drops || missing.is_empty());
        }
    }
}
