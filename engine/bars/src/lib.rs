//! Ticks to time bars.
