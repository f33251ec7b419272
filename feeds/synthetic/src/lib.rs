//! The deterministic synthetic market.
