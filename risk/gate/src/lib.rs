//! Pre-trade checks; the only maker of approved intents.
