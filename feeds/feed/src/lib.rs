//! The feed interface, validation and normalisation of ticks.
