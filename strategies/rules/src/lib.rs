//! Rule strategies.
