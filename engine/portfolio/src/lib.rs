//! Fills and marks to positions, cash, profit and loss, performance.
