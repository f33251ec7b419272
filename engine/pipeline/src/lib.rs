//! Sequencer, timers and the stage graph.
