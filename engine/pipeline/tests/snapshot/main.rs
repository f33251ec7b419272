//! A run that is cut, saved, built anew, restored and continued is the run that was never cut.

mod case;
mod continued;
mod made;
#[path = "../market/mod.rs"]
mod market;
#[path = "../patient/mod.rs"]
mod patient;
mod refused;
#[path = "../requote/mod.rs"]
mod requote;
