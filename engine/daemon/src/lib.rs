//! The grandmodel program: command line, configuration, wiring.
