//! Bars to indicator values, streaming, one file each.
