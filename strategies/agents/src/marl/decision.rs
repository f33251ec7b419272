//! Who is decided on at a frame, what the agents are asked, and what comes of their answers.
//!
//! What comes of a combined action, the first that holds:
//! - the position is being left, and the target is not on its other side: hold, for the exit goes on whatever is said;
//! - confidence below the gate: hold;
//! - less than a lot parts the target from what is held, or a long or short one rounds to 0: hold;
//! - `entry` says wait: hold, closing a position included; exits do not pass here;
//! - else the target, at market or at the touch, after `agents.simulated_latency`; a limit order that still works
//!   (decisions may come between tactical bars) is withdrawn first, as it is if the target is held.
//!
//! While a position is being left, every hold has the verdict `leaving`. If nothing is wished for and an answer was
//! missing, the verdict is that of a time-out, whatever else holds. A voter that is missing may keep a position from
//! being entered or added to, for its default is flat; it never takes one away: a target that would close, reduce or
//! reverse what is held is not wished for then, and the verdict is that of a time-out as well.
//! Not here: the weighing (`coordination`), exits (`marl`).

use super::{Marl, withdraw_limit};
use crate::DecideOn;
use crate::context::Context;
use crate::coordination::{Vote, urgency_of};
use model::{
    Action, Agent, AgentGroup, Decision, Direction, Event, Frame, Intent, Kind, Nanos, Pattern, Quantity,
    Style, SymbolId, Urgency, Verdict,
};
use strategy::Intents;

/// A symbol that is decided on at this frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    pub(super) symbol: SymbolId,
    synergy: Option<(Pattern, Direction)>,
    size: Quantity,
}

impl Marl {
    /// Finds the symbols that are due, and what their agents see.
    pub(super) fn collect(&mut self, frame: &Frame) {
        self.due.clear();
        self.contexts.clear();
        for event in &frame.events {
            match (self.config.decide_on, event.kind) {
                (DecideOn::Synergy, Kind::SYNERGY) => {
                    let synergy = &frame.synergies[event.words[0] as usize];
                    self.add(synergy.symbol, Some((synergy.pattern, synergy.direction)));
                }
                (DecideOn::Bar, Kind::BAR) => {
                    let bar = &frame.bars[event.words[0] as usize];
                    if self.exits.watches(bar) {
                        self.add(bar.symbol, None);
                    }
                }
                _ => {}
            }
        }
        let is_before = |pair: &[Due]| pair[0].symbol < pair[1].symbol;
        debug_assert!(self.due.windows(2).all(is_before), "a boundary's symbols come once each, in id order");
    }

    fn add(&mut self, symbol: SymbolId, synergy: Option<(Pattern, Direction)>) {
        if !(self.strategic.is_known(symbol) && self.tactical.is_known(symbol)) {
            self.counts.unready += 1;
            return;
        }
        let state = &self.symbols[symbol.index()];
        let size = self.sizing.size(symbol, state.close);
        let (position, account) = (self.exits.position(symbol), self.sizing.account());
        let context = Context {
            position: position.quantity(),
            limit: self.sizing.max_position().unwrap_or(size).raw(),
            unrealised_pnl: position.unrealised_pnl(state.close, state.multiplier),
            equity: account.equity.to_f64(),
            bars_held: self.exits.bars_held(symbol),
            drawdown: account.drawdown(),
            synergy,
        };
        self.contexts.extend(context.numbers());
        self.due.push(Due { symbol, synergy, size });
    }

    /// Asks each agent about all symbols that are due.
    pub(super) fn ask(&mut self, cause: &Event) {
        let due = &self.due;
        let symbols = || due.iter().map(|due| due.symbol);
        self.strategic.gather(symbols());
        self.tactical.gather(symbols());
        for (agent, policy) in Agent::ALL.into_iter().zip(&mut self.policies) {
            let latest = match agent.group() {
                AgentGroup::Strategic => &self.strategic,
                AgentGroup::Tactical => &self.tactical,
            };
            policy.ask(latest.batch(&self.contexts), symbols(), cause, &self.config);
        }
    }

    /// Decides on the i-th symbol that is due, at engine time `now`.
    pub(super) fn decide(&mut self, i: usize, now: Nanos, out: &mut Intents) {
        let Due { symbol, synergy, size } = self.due[i];
        let says = std::array::from_fn(|agent| self.policies[agent].answer(i));
        let missed = std::array::from_fn(|agent| self.policies[agent].missed(i));
        let vote = self.coordination.vote(&says, synergy);
        let urgency = urgency_of(&says[Agent::Entry as usize]);
        let held = Quantity::new(self.exits.position(symbol).quantity());
        let wanted = Quantity::new(i64::from(vote.action.sign()) * size.raw());
        let mut verdict = self.verdict(symbol, &vote, wanted, urgency);
        let is_held = verdict == Verdict::AtTarget && !self.exits.calls_for_trade(symbol, wanted);
        let takes_away =
            self.exits.takes_away(symbol, wanted) || self.symbols[symbol.index()].working.takes_away(wanted);
        let is_incomplete = missed[..Agent::VOTERS].contains(&true) && takes_away;
        if is_incomplete || (verdict != Verdict::Act && missed.contains(&true)) {
            verdict = Verdict::TimedOut;
        }
        let replaces = verdict == Verdict::Act || is_held;
        self.counts.verdicts[verdict as usize] += 1;
        out.decide(Decision {
            symbol,
            synergy,
            context: self.contexts.as_chunks().0[i],
            says,
            missed,
            weights: self.coordination.weights(),
            blend: vote.blend,
            ensemble: vote.ensemble,
            action: vote.action,
            confidence: vote.confidence,
            gate: self.config.gate,
            urgency,
            verdict,
            target: if verdict == Verdict::Act { wanted } else { held },
        });
        let working = &mut self.symbols[symbol.index()].working;
        if replaces {
            withdraw_limit(symbol, working, out);
        }
        if verdict == Verdict::Act {
            let style = if urgency == Urgency::Aggressive { Style::Market } else { Style::Touch };
            working.on_target(wanted, style, now);
            let delay = self.config.simulated_latency;
            out.push(Intent { delay, ..Intent::target(symbol, wanted, style) });
        }
    }

    /// What comes of a vote, whatever was missing.
    fn verdict(&self, symbol: SymbolId, vote: &Vote, wanted: Quantity, urgency: Urgency) -> Verdict {
        let rounds_to_nothing = vote.action != Action::Flat && wanted == Quantity::ZERO;
        // A confidence is a number: every answer is finite.
        let held_by_vote = if vote.confidence < self.config.gate {
            Some(Verdict::BelowGate)
        } else if rounds_to_nothing || !self.exits.calls_for_trade(symbol, wanted) {
            Some(Verdict::AtTarget)
        } else if urgency == Urgency::Wait {
            Some(Verdict::Wait)
        } else {
            None
        };
        match held_by_vote {
            None => Verdict::Act,
            Some(_) if self.exits.is_leaving(symbol) => Verdict::Leaving,
            Some(verdict) => verdict,
        }
    }
}
