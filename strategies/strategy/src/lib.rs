//! What a strategy is, sees and may say.
