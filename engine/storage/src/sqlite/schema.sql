-- Version 1 of the warm store.
--
-- run, symbol   numbers of this database; names are in runs and symbols
-- seq           sequence number of the input within the run
-- ts, ts_...    nanoseconds since 1970-01-01T00:00:00Z; ts is engine time, ts_event the venue's
-- prices, sizes, quantities   integers in units of 1e-9
-- amounts of money, volumes   decimal texts: they may need more than 64 bits

CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    strategy TEXT NOT NULL,
    account TEXT NOT NULL,
    ticks_seq INTEGER NOT NULL DEFAULT 0,    -- everything at or below is stored, but for gaps
    results_seq INTEGER NOT NULL DEFAULT 0,
    ticks_from INTEGER,                      -- all ticks of ticks_from <= ts < ticks_to are stored, but for gaps
    ticks_to INTEGER
) STRICT;

CREATE TABLE symbols (symbol INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- What is missing: rows with first_seq <= seq <= last_seq. For ticks also the instants that may not be whole, both
-- inclusive; ts_from is null if nothing was stored before.
CREATE TABLE gaps (
    run INTEGER NOT NULL,
    stream TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    ts_from INTEGER,
    ts_to INTEGER,
    PRIMARY KEY (run, stream, first_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE trades (
    run INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    ts_event INTEGER NOT NULL,
    price INTEGER NOT NULL,
    size INTEGER NOT NULL,
    side INTEGER NOT NULL,                   -- 1: the buyer took; -1: the seller; 0: unknown
    PRIMARY KEY (run, symbol, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE quotes (
    run INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    ts_event INTEGER NOT NULL,
    bid INTEGER NOT NULL,
    ask INTEGER NOT NULL,
    bid_size INTEGER,                        -- null: unknown
    ask_size INTEGER,
    PRIMARY KEY (run, symbol, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE bars (
    run INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    timeframe TEXT NOT NULL,
    source TEXT NOT NULL,
    ts_open INTEGER NOT NULL,
    ts_close INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    open INTEGER NOT NULL,
    high INTEGER NOT NULL,
    low INTEGER NOT NULL,
    close INTEGER NOT NULL,
    volume TEXT NOT NULL,
    vwap INTEGER,
    trades INTEGER NOT NULL,
    PRIMARY KEY (run, symbol, timeframe, source, ts_open)
) STRICT, WITHOUT ROWID;

CREATE TABLE indicators (
    run INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    timeframe TEXT NOT NULL,
    name TEXT NOT NULL,
    ts_close INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (run, symbol, timeframe, name, ts_close)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    pattern TEXT,                            -- null: asked for at every bar
    direction TEXT,
    p_long REAL NOT NULL,
    p_flat REAL NOT NULL,
    p_short REAL NOT NULL,
    action TEXT NOT NULL,
    confidence REAL NOT NULL,
    gate REAL NOT NULL,
    urgency TEXT NOT NULL,
    verdict TEXT NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY (run, seq, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE votes (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    agent TEXT NOT NULL,
    p_long REAL NOT NULL,                    -- of entry: aggressive, execute, wait
    p_flat REAL NOT NULL,
    p_short REAL NOT NULL,
    weight REAL,                             -- null: votes no direction
    missed INTEGER NOT NULL,
    PRIMARY KEY (run, seq, symbol, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    run INTEGER NOT NULL,
    client_order_id TEXT NOT NULL,
    seq INTEGER NOT NULL,                    -- the input that changed it last
    cause_seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,                     -- of that input
    ts_sent INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    side TEXT NOT NULL,
    type TEXT NOT NULL,
    tif TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    limit_price INTEGER,
    purpose TEXT NOT NULL,
    status TEXT NOT NULL,
    filled INTEGER NOT NULL,
    PRIMARY KEY (run, client_order_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE fills (
    run INTEGER NOT NULL,
    client_order_id TEXT NOT NULL,
    venue_fill_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    side TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,
    fee TEXT NOT NULL,
    liquidity TEXT NOT NULL,
    PRIMARY KEY (run, client_order_id, venue_fill_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE equity (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    cash TEXT NOT NULL,
    position_value TEXT NOT NULL,
    equity TEXT NOT NULL,
    realised_pnl TEXT NOT NULL,
    unrealised_pnl TEXT NOT NULL,
    fees TEXT NOT NULL,
    peak TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- The last one of each symbol.
CREATE TABLE positions (
    run INTEGER NOT NULL,
    symbol INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (run, symbol)
) STRICT, WITHOUT ROWID;
