//! Replay of files, end to end: what is written is what comes out, in one order, whatever the form.

mod damage;
mod ending;
mod forms;
mod merging;
mod real;
mod rejects;
mod support;
