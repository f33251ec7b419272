//! Each entry, exit, stop and withdrawal by hand-made bars.
//!
//! Band of 3 bars and 1 deviation, RSI of 2, ATR of 2, stop at 2 ATR: after closes 10, 10, 7 the mean is
//! 9, the deviation √2, the lower band 7.59, the RSI 0 and the ATR 1.5 (ranges 0, 0, 3).

use super::*;
use crate::testing::{Script, timeframes};
use model::Side::{Buy, Sell};

fn config() -> MeanReversionConfig {
    MeanReversionConfig {
        bollinger_period: 3,
        bollinger_k: model::Rate::parse("1").unwrap(),
        rsi_period: 2,
        atr_period: 2,
        quantity: Quantity::parse("2").unwrap(),
        ..MeanReversionConfig::default()
    }
}

fn script(config: MeanReversionConfig) -> Script<MeanReversion> {
    Script::new(MeanReversion::new(config, &timeframes(), 2).unwrap())
}

/// Runs five-minute closes of symbol 0 and compares what is said at each.
fn check(script: &mut Script<MeanReversion>, steps: &[(&str, &str)]) {
    for (i, (close, expected)) in steps.iter().enumerate() {
        assert_eq!(script.bar("5m", 0, close), *expected, "step {i} of {steps:?}");
    }
}

/// A script that has wanted to be long at a close of 7 and was filled there.
fn long_at_7(config: MeanReversionConfig) -> Script<MeanReversion> {
    let mut script = script(config);
    check(&mut script, &[("10", ""), ("10", ""), ("7", "2")]);
    assert_eq!(script.fill(Buy, "2", "7"), "");
    script
}

const DOWN: [(&str, &str); 2] = [("10", ""), ("10", "")];

#[test]
fn enters_long_below_and_short_above() {
    check(&mut script(config()), &[("10", ""), ("10", ""), ("7", "2")]);
    check(&mut script(config()), &[("10", ""), ("10", ""), ("13", "-2")]);
}

#[test]
fn needs_both_band_and_rsi() {
    // Below the band (mean 11, deviation 2.94, band 8.06 > 8) after a rise: RSI 100·(5/2)/(5/2 + 7/2) = 41.7.
    let steps = [("10", ""), ("15", ""), ("8", "")];
    check(&mut script(config()), &steps);
    let steps = [("10", ""), ("15", ""), ("8", "2")];
    check(&mut script(MeanReversionConfig { rsi_low: 42.0, ..config() }), &steps);
    // RSI 0 but within a band of two deviations.
    let wide = MeanReversionConfig { bollinger_k: model::Rate::parse("2").unwrap(), ..config() };
    check(&mut script(wide), &[("10", ""), ("10", ""), ("7", "")]);
}

#[test]
fn waits_for_the_slowest_indicator() {
    for slow in [
        MeanReversionConfig { bollinger_period: 4, ..config() },
        MeanReversionConfig { rsi_period: 3, ..config() },
        MeanReversionConfig { atr_period: 4, ..config() },
    ] {
        check(&mut script(slow), &[("10", ""), ("10", ""), ("7", ""), ("4", "2")]);
    }
}

#[test]
fn flat_prices_decide_nothing() {
    check(&mut script(config()), &[("0.1", ""); 12]);
    let eager = MeanReversionConfig { rsi_low: 100.0, rsi_high: 100.0, ..config() };
    check(&mut script(eager), &[("0.1", ""); 12]);
}

#[test]
fn a_wish_that_was_not_met_is_said_again_while_it_holds() {
    // No fill comes: it does not think it is long.
    check(&mut script(config()), &[DOWN[0], DOWN[1], ("7", "2"), ("4", "2"), ("4.5", ""), ("20", "-2")]);
}

#[test]
fn a_fill_or_report_says_nothing_by_itself() {
    let mut script = script(config());
    check(&mut script, &[DOWN[0], DOWN[1], ("7", "2")]);
    assert_eq!(script.report(ReportKind::Accepted), "");
    assert_eq!(script.fill(Buy, "1", "7"), "");
    assert_eq!(script.fill(Buy, "1", "7"), "");
}

#[test]
fn leaves_at_the_middle_band() {
    // After 7: 10, 7, 8 has mean 8.33; 7, 8, 7.5 has mean 7.5 and reaches it.
    check(&mut long_at_7(config()), &[("8", ""), ("7.5", "0")]);
    check(&mut long_at_7(config()), &[("8", ""), ("7.499999997", "")]);
    let mut short = script(config());
    check(&mut short, &[("10", ""), ("10", ""), ("13", "-2")]);
    short.fill(Sell, "2", "13");
    check(&mut short, &[("12", ""), ("12.5", "0")]);
}

#[test]
fn an_exit_is_said_again_until_it_is_done() {
    let mut script = long_at_7(config());
    check(&mut script, &[("8", ""), ("7.5", "0"), ("7", "0")]);
    script.fill(Sell, "1", "7");
    check(&mut script, &[("6.9", "0")]);
    script.fill(Sell, "1", "7");
    check(&mut script, &[("6.9", ""), ("6", "2")]);
}

#[test]
fn the_stop_stands_two_atr_at_entry_off_the_fill() {
    // Entry at 7, ATR 1.5, so the stop is at 4; later ranges do not move it.
    check(&mut long_at_7(config()), &[("6", ""), ("4.000000001", ""), ("4", "0")]);
    // Filled at 8 instead of the close of 7: the stop is at 5.
    let mut script = script(config());
    check(&mut script, &[DOWN[0], DOWN[1], ("7", "2")]);
    script.fill(Buy, "2", "8");
    check(&mut script, &[("6", ""), ("5", "0")]);
}

#[test]
fn a_short_stop_is_the_mirror_image() {
    let mut script = script(config());
    check(&mut script, &[("10", ""), ("10", ""), ("13", "-2")]);
    script.fill(Sell, "2", "13");
    check(&mut script, &[("14", ""), ("15.999999999", ""), ("16", "0")]);
}

#[test]
fn a_tick_stop_reads_trades_bids_and_asks() {
    let ticks = MeanReversionConfig { stop_on: StopOn::Tick, ..config() };
    let mut script = long_at_7(ticks);
    assert_eq!(script.trade("4.000000001"), "");
    assert_eq!(script.quote("4.01", "3.9"), "", "the ask does not stop a long position");
    assert_eq!(script.quote("4", "5"), "0");
    assert_eq!(script.trade("3"), "", "said once per bar");
    check(&mut script, &[("3", "0")]);

    let mut script = long_at_7(ticks);
    assert_eq!(script.trade("4"), "0");

    let mut short = self::script(ticks);
    check(&mut short, &[("10", ""), ("10", ""), ("13", "-2")]);
    assert_eq!(short.trade("99"), "", "nothing is held yet");
    short.fill(Sell, "2", "13");
    assert_eq!(short.quote("17", "15.9"), "");
    assert_eq!(short.quote("1", "16"), "0");
}

#[test]
fn a_bar_stop_does_not_read_ticks_and_the_other_way_round() {
    assert_eq!(long_at_7(config()).trade("1"), "");
    let ticks = MeanReversionConfig { stop_on: StopOn::Tick, ..config() };
    check(&mut long_at_7(ticks), &[("6", ""), ("3", "")]);
    assert_eq!(MeanReversion::new(ticks, &timeframes(), 1).unwrap().wakes(), Wakes::Ticks);
    assert_eq!(MeanReversion::new(config(), &timeframes(), 1).unwrap().wakes(), Wakes::Bars);
}

fn limit() -> MeanReversionConfig {
    MeanReversionConfig { entry: Entry::Limit, ..config() }
}

#[test]
fn a_limit_entry_is_withdrawn_at_the_next_bar() {
    let mut script = script(limit());
    check(&mut script, &[DOWN[0], DOWN[1], ("7", "2@7"), ("4", "withdraw")]);
    assert_eq!(script.report(ReportKind::Cancelled), "");
    check(&mut script, &[("1", "2@1")]);
}

#[test]
fn a_refused_limit_entry_does_not_block_the_next() {
    // Risk refused it: nothing is ever heard of it.
    check(&mut script(limit()), &[DOWN[0], DOWN[1], ("7", "2@7"), ("4", "withdraw"), ("1", "2@1")]);
}

#[test]
fn a_filled_limit_entry_is_not_withdrawn() {
    let mut script = script(limit());
    check(&mut script, &[DOWN[0], DOWN[1], ("7", "2@7")]);
    script.fill(Buy, "2", "7");
    check(&mut script, &[("6", ""), ("4", "0")]);
}

#[test]
fn the_rest_of_a_partly_filled_entry_goes_before_the_exit() {
    let mut script = script(limit());
    check(&mut script, &[DOWN[0], DOWN[1], ("7", "2@7")]);
    script.fill(Buy, "0.5", "7");
    // Stopped at once, but 1.5 may still fill.
    check(&mut script, &[("4", "withdraw"), ("4", "")]);
    script.fill(Buy, "0.5", "7");
    assert_eq!(script.report(ReportKind::Cancelled), "");
    check(&mut script, &[("4", "0")]);
}

#[test]
fn a_held_back_exit_comes_with_the_next_tick_if_it_wakes_on_ticks() {
    let mut script = script(MeanReversionConfig { stop_on: StopOn::Tick, ..limit() });
    check(&mut script, &[DOWN[0], DOWN[1], ("7", "2@7")]);
    script.fill(Buy, "0.5", "7");
    assert_eq!(script.trade("4"), "");
    check(&mut script, &[("6", "withdraw")]);
    assert_eq!(script.report(ReportKind::Cancelled), "");
    assert_eq!(script.trade("6.9"), "0");
}

#[test]
fn symbols_do_not_mix() {
    let mut script = script(config());
    for close in ["10", "10", "7"] {
        script.bar("5m", 1, close);
        assert_eq!(script.bar("1m", 0, close), "");
    }
    check(&mut script, &[("10", ""), ("10", ""), ("13", "-2")]);
}

#[test]
fn the_state_hash_sees_position_and_limit() {
    let with_fill = long_at_7(config()).state_hash();
    let mut without = script(config());
    check(&mut without, &[DOWN[0], DOWN[1], ("7", "2")]);
    assert_ne!(with_fill, without.state_hash());
    assert_eq!(with_fill, long_at_7(config()).state_hash());
    let mut resting = script(limit());
    check(&mut resting, &[DOWN[0], DOWN[1], ("7", "2@7")]);
    assert_ne!(resting.state_hash(), without.state_hash());
}
