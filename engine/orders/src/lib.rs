//! Approved intents to orders: the order state machine and the gateway interface.
