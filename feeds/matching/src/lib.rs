//! The simulated venue's matching: orders against quotes and prints; pure.
