#!/usr/bin/env python3
"""Checks a run folder against its data: an independent reading of the contract, in exact integers.

    scripts/check_run.py RUN_DIR DATA...

DATA are the catalogs, folders and .parquet files that the run was given. It recomputes every bar (open, high,
low, close, volume, vwap, count), every batch of ticks where the run recorded them, the portfolio (positions,
cost, realised, fees, cash, equity, every row of equity.parquet) and the performance, and prints "N checks, all
equal", or what differs and exits 1. What it cannot recompute (replay.clock = recv, a feed latency) it refuses
with exit 2.

Needs pandas and pyarrow. All prices, quantities and amounts are Python integers of 1e-9.
"""

import glob
import json
import math
import os
import sys
import tomllib
from collections import defaultdict

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ONE = 10**9
HOUR = 3_600 * ONE
DAY = 24 * HOUR
DIFFERENCES_SHOWN = 20
BATCH_TICKS, BATCH_SPAN = 100, ONE // 1000
UNITS = {"ms": ONE // 1000, "s": ONE, "m": 60 * ONE, "h": HOUR, "d": DAY}


class Checks:
    """Counts comparisons and remembers those that fail."""

    def __init__(self):
        self.count = 0
        self.failed = []

    def equal(self, what, found, expected):
        self.count += 1
        if found != expected:
            self.failed.append(f"{what} is {found}, not {expected}")

    def close(self, what, found, expected):
        self.count += 1
        if found is None or expected is None:
            same = found is expected
        else:
            same = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-18)
        if not same:
            self.failed.append(f"{what} is {found}, not {expected}")

    def finish(self):
        if not self.failed:
            print(f"{self.count} checks, all equal")
            return 0
        for line in self.failed[:DIFFERENCES_SHOWN]:
            print(line)
        print(f"{self.count} checks, {len(self.failed)} differ")
        return 1


# Exact arithmetic


def half_even(numerator, denominator):
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        quotient += 1
    return quotient


def notional(price, quantity, multiplier):
    return half_even(price * quantity * multiplier, ONE * ONE)


def parse(text):
    sign = -1 if text.startswith("-") else 1
    whole, _, decimals = text.lstrip("-").partition(".")
    return sign * (int(whole) * ONE + int((decimals + "0" * 9)[:9]))


def nanos(text):
    """A timeframe's length."""
    digits = text.rstrip("msdh")
    return int(digits) * UNITS[text[len(digits):]]


# Reading


def raw_numbers(column):
    """A column of decimals, doubles or integers as Python integers of 1e-9; None for null."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_floating(column.type):
        values = column.to_numpy(zero_copy_only=False)
        return [None if math.isnan(value) else round(value * ONE) for value in values]
    if not pa.types.is_decimal(column.type):
        column = column.cast(pa.decimal128(28, 0))
    wide = column.cast(pa.decimal128(38, 9))
    limbs = np.frombuffer(wide.buffers()[1], dtype="<i8")[2 * wide.offset : 2 * (wide.offset + len(wide))]
    if np.array_equal(limbs[1::2], limbs[0::2] >> 63):
        values = limbs[0::2].tolist()
    else:
        pairs = zip(limbs[1::2].tolist(), limbs[0::2].view("<u8").tolist())
        values = [high * 2**64 + low for high, low in pairs]
    if wide.null_count:
        values = [value if valid else None for value, valid in zip(values, wide.is_valid().to_pylist())]
    return values


def raw_times(column, unit=1):
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_timestamp(column.type):
        column, unit = column.cast(pa.timestamp("ns", column.type.tz)), 1
    return [None if value is None else value * unit for value in column.cast(pa.int64()).to_pylist()]


def table(run, name):
    """A table of the run folder as lists by column."""
    read = pq.read_table(os.path.join(run, f"{name}.parquet"))
    columns = {}
    for name, column in zip(read.column_names, read.columns):
        if pa.types.is_decimal(column.type):
            columns[name] = raw_numbers(column)
        elif pa.types.is_timestamp(column.type):
            columns[name] = raw_times(column)
        else:
            columns[name] = column.to_pylist()
    rows = read.num_rows
    return [{name: values[i] for name, values in columns.items()} for i in range(rows)]


def data_files(paths):
    found = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        for name in glob.glob(os.path.join(path, "**", "*.parquet"), recursive=True):
            parts = os.path.relpath(name, path).split(os.sep)
            if parts[0] not in ("bars", "rejects") and not any(part[0] in "._" for part in parts):
                found.append(name)
    unique = {os.path.realpath(name): name for name in sorted(set(found), reverse=True)}
    return sorted(unique.values(), key=os.fsencode)


class Settings:
    """What of the effective configuration bears on what is recomputed."""

    def __init__(self, run):
        with open(os.path.join(run, "config.toml"), "rb") as file:
            config = tomllib.load(file)
        data, replay = config["data"], config["replay"]
        if replay["clock"] != "event" or replay["feed_latency"] not in ("0ns", "0s"):
            sys.exit("check_run.py: only runs with replay.clock = event and no feed latency can be recomputed")
        pairs = (pair.split("=") for pair in data["columns"].split(",") if pair)
        self.columns = {ours.strip(): theirs.strip() for ours, theirs in pairs}
        self.columns.setdefault("ts_event", self.columns.get("ts", "ts_event"))
        self.symbol = data.get("symbol")
        self.ts_unit = {"s": ONE, "ms": ONE // 1000, "us": 1000, "ns": 1}[data["ts_unit"]]
        self.start = instant(data.get("from"))
        self.end = instant(data.get("to"))
        self.timeframes = sorted(config["bars"]["timeframes"], key=nanos)
        self.fill = config["bars"]["fill"]
        source = config["bars"]["source"]
        self.sources = None if source == "auto" else [source] if isinstance(source, str) else source
        self.multipliers = defaultdict(lambda: parse(config["instruments"]["default"]["multiplier"]))
        for row in config["instruments"].get("list", []):
            self.multipliers[row["symbol"]] = parse(row.get("multiplier", config["instruments"]["default"]["multiplier"]))
        self.maker = parse(config["venue"]["fees"]["maker"])
        self.taker = parse(config["venue"]["fees"]["taker"])


def instant(value):
    if value is None:
        return None
    stamp = pd.Timestamp(value)
    return (stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")).value


def read_ticks(files, settings, refused):
    """Accepted ticks as (ts, is trade, symbol, file, row, price or bid, size or ask), in the contract's order."""
    ticks, rows_read = [], 0
    for number, path in enumerate(files):
        read = pq.ParquetFile(path).read()
        get = lambda name: read.column(settings.columns.get(name, name))
        names = read.column_names
        is_trade = settings.columns.get("price", "price") in names
        times = raw_times(get("ts_event"), settings.ts_unit)
        first, second = (raw_numbers(get(name)) for name in (("price", "size") if is_trade else ("bid", "ask")))
        if settings.symbol and settings.columns.get("symbol", "symbol") not in names:
            symbols = [settings.symbol] * len(times)
        else:
            column = pc.utf8_upper(pc.utf8_trim_whitespace(get("symbol").cast(pa.string())))
            symbols = [settings.symbol] * len(times) if settings.symbol else column.to_pylist()
        bad = refused.get(os.path.realpath(path), set())
        for row, ts in enumerate(times):
            outside = ts is not None and (
                (settings.start is not None and ts < settings.start) or (settings.end is not None and ts >= settings.end)
            )
            if outside:
                continue
            rows_read += 1
            if row + 1 not in bad:
                ticks.append((ts, is_trade, symbols[row], number, row, first[row], second[row]))
    ticks.sort(key=lambda tick: tick[:5])
    return ticks, rows_read


# Bars


def price_of(tick, source):
    _, is_trade, _, _, _, first, second = tick
    if source == "trade":
        return (first, second) if is_trade else None
    if is_trade:
        return None
    return {"bid": first, "ask": second, "mid": half_even(first + second, 2)}[source], 0


def sources_of(ticks, settings):
    sources = {}
    for _, is_trade, symbol, *_ in ticks:
        if settings.sources:
            sources[symbol] = settings.sources
        elif is_trade or symbol not in sources:
            sources[symbol] = ["trade"] if is_trade else ["mid"]
    return sources


def priced(ticks, settings):
    """Each tick once for each source of its symbol that it has a price for: ts, symbol, source, price, size."""
    sources = sources_of(ticks, settings)
    for tick in ticks:
        ts, symbol = tick[0], tick[2]
        for source in sources[symbol]:
            part = price_of(tick, source)
            if part is not None:
                yield ts, symbol, source, *part


def make_bars(ticks, settings, end):
    """Open, high, low, close, volume, vwap, count by (close, symbol, timeframe, source)."""
    bars = {}
    lengths = [(name, nanos(name)) for name in settings.timeframes]
    for ts, symbol, source, price, size in priced(ticks, settings):
        for name, length in lengths:
            key = ((ts // length + 1) * length, symbol, name, source)
            bar = bars.get(key)
            if bar is None:
                bars[key] = [price, price, price, price, size, price * size, 1]
                continue
            if price > bar[1]:
                bar[1] = price
            if price < bar[2]:
                bar[2] = price
            bar[3] = price
            bar[4] += size
            bar[5] += price * size
            bar[6] += 1
    if settings.fill == "flat":
        fill_gaps(bars, dict(lengths), end)
    done = {key: bar for key, bar in bars.items() if key[0] <= end}
    for bar in done.values():
        bar[5] = half_even(bar[5], bar[4]) if bar[4] else None
    return done


def fill_gaps(bars, lengths, end):
    firsts = {}
    for close, *series in sorted(bars):
        firsts.setdefault(tuple(series), close)
    for series, close in firsts.items():
        last = None
        while close <= end:
            bar = bars.setdefault((close, *series), [last, last, last, last, 0, 0, 0])
            last = bar[3]
            close += lengths[series[1]]


def check_bars(checks, run, settings, expected):
    names = ("open", "high", "low", "close", "volume", "vwap", "trades")
    rows = table(run, "bars")
    checks.equal("the number of bars", len(rows), len(expected))
    for row in rows:
        key = (row["ts_close"], row["symbol"], row["timeframe"], row["source"])
        bar = expected.pop(key, None)
        checks.equal(f"bar {key}", [row[name] for name in names], bar)
        checks.equal(f"the start of bar {key}", row["ts_open"], row["ts_close"] - nanos(row["timeframe"]))
    checks.equal("bars that are missing", sorted(expected)[:3], [])


# Batches of ticks


def make_batches(ticks, settings):
    """By (symbol, source): lists of (ts, price, size), at most 100 and less than 1 ms each."""
    batches = defaultdict(list)
    for ts, symbol, source, price, size in priced(ticks, settings):
        series = batches[symbol, source]
        if not series or len(series[-1]) == BATCH_TICKS or ts - series[-1][0][0] >= BATCH_SPAN:
            series.append([])
        series[-1].append((ts, price, size))
    return batches


def check_batches(checks, run, settings, ticks):
    expected = make_batches(ticks, settings)
    rows = table(run, "batches")
    checks.equal("the number of batches", len(rows), sum(map(len, expected.values())))
    done = defaultdict(int)
    for row in rows:
        key = row["symbol"], row["source"]
        name = f"batch {done[key]} of {key}"
        if done[key] >= len(expected[key]):
            checks.equal(name, "there", "nothing")
            continue
        batch = expected[key][done[key]]
        done[key] += 1
        (first, price, _), (last, last_price, _) = batch[0], batch[-1]
        volume, prices = sum(size for _, _, size in batch), [price for _, price, _ in batch]
        exact = [first, last - first, len(batch), volume]
        checks.equal(name, [row[column] for column in ("ts_event", "time_span_ns", "ticks", "volume")], exact)
        traded = sum(price * size for _, price, size in batch)
        checks.close(f"{name}'s vwap", row["vwap"], traded / (volume * ONE) if volume else None)
        checks.close(f"{name}'s price_change", row["price_change"], (last_price - price) / ONE)
        spread = len(prices) * sum(price * price for price in prices) - sum(prices) ** 2
        checks.close(f"{name}'s volatility", row["volatility"], math.sqrt(spread) / (len(prices) * ONE))


# Money


class Account:
    """Positions and what they have earned, folded fill by fill."""

    def __init__(self, capital, multipliers):
        self.capital, self.multipliers = capital, multipliers
        self.quantity, self.cost = defaultdict(int), defaultdict(int)
        self.realised = self.fees = 0

    def fold(self, fill):
        symbol, price = fill["symbol"], fill["price"]
        signed = fill["quantity"] if fill["side"] == "buy" else -fill["quantity"]
        held, multiplier = self.quantity[symbol], self.multipliers[symbol]
        whole = notional(price, signed, multiplier)
        closing = min(abs(held), abs(signed)) if held * signed < 0 else 0
        sign = 1 if signed > 0 else -1
        proceeds = whole if closing == abs(signed) else notional(price, sign * closing, multiplier)
        released = 0
        if closing:
            cost = self.cost[symbol]
            released = cost if closing == abs(held) else half_even(cost * closing, abs(held))
        self.realised += -proceeds - released if closing else 0
        self.cost[symbol] += whole - (proceeds if closing else 0) - released
        self.quantity[symbol] = held + signed
        self.fees += fill["fee"]

    def row(self, marks):
        value = sum(
            notional(marks[symbol], quantity, self.multipliers[symbol]) if symbol in marks else self.cost[symbol]
            for symbol, quantity in self.quantity.items()
        )
        unrealised = value - sum(self.cost.values())
        equity = self.capital + self.realised + unrealised - self.fees
        return {
            "cash": equity - value,
            "position_value": value,
            "equity": equity,
            "realised_pnl": self.realised,
            "unrealised_pnl": unrealised,
            "fees": self.fees,
        }


def check_fills(checks, fills, orders, settings):
    by_id = {order["client_order_id"]: order for order in orders}
    filled = defaultdict(int)
    for fill in fills:
        name = f"fill {fill['venue_fill_id']}"
        order = by_id.get(fill["client_order_id"])
        checks.equal(f"{name}'s order is known", order is not None, True)
        if order:
            checks.equal(f"{name}'s side", fill["side"], order["side"])
        rate = settings.maker if fill["liquidity"] == "maker" else settings.taker
        value = notional(fill["price"], fill["quantity"], fill["multiplier"])
        checks.equal(f"{name}'s multiplier", fill["multiplier"], settings.multipliers[fill["symbol"]])
        checks.equal(f"{name}'s fee", fill["fee"], half_even(abs(value) * rate, ONE))
        filled[fill["client_order_id"]] += fill["quantity"]
    for order in orders:
        name = f"order {order['client_order_id']}"
        checks.equal(f"{name}'s filled", order["filled"], filled[order["client_order_id"]])
        checks.equal(f"{name} is filled", order["status"] == "filled", order["filled"] == order["quantity"])


def marks_at(ticks):
    """Walks through the ticks: a function that gives the marks after the first n."""
    marks, traded, at = {}, set(), 0

    def advance(count):
        nonlocal at
        while at < count:
            _, is_trade, symbol, _, _, first, second = ticks[at]
            if is_trade:
                marks[symbol] = first
                traded.add(symbol)
            elif symbol not in traded:
                marks[symbol] = half_even(first + second, 2)
            at += 1
        return marks

    return advance


def check_equity(checks, rows, ticks, fills, closes, account, end):
    """Every row, in order: the first instant, fills and closes of the shortest timeframe, the end.

    An input's number tells how many ticks came before a fill; at a close, all ticks before it have come.
    """
    times = np.array([tick[0] for tick in ticks], dtype=np.int64)
    advance = marks_at(ticks)
    events = [(ts, "close", None) for ts in sorted(closes)]
    fills = list(fills)
    row_at, seen = 0, 0

    def expect(ts, what, marks):
        nonlocal row_at
        if row_at < len(rows):
            row = rows[row_at]
            expected = account.row(marks)
            checks.equal(f"equity row {row_at} ({what})", row["ts_event"], ts)
            for name, amount in expected.items():
                checks.equal(f"{name} of equity row {row_at} ({what})", row[name], amount)
        row_at += 1

    expect(int(times[0]), "start", {})
    places = fill_places(rows, fills, events)
    for kind, ts, fill in places:
        if kind == "fill":
            # A fill stands right before the tick that made it, or at the arrival of its order.
            seen = max(seen, int(np.searchsorted(times, ts, "left")))
            account.fold(fill)
            expect_fill(checks, rows, row_at, ts, fill, account, ticks, advance, seen)
            row_at += 1
        else:
            seen = max(seen, int(np.searchsorted(times, ts, "left")))
            expect(ts, "close", advance(seen))
    expect(end, "end", advance(len(ticks)))
    checks.equal("the number of equity rows", len(rows), row_at)


def expect_fill(checks, rows, at, ts, fill, account, ticks, advance, seen):
    """Among ticks of one instant a fill may stand before any: the marks must be those at one of them."""
    if at >= len(rows):
        return
    row = rows[at]
    checks.equal(f"equity row {at} (fill {fill['venue_fill_id']})", row["ts_event"], ts)
    names = ("cash", "position_value", "equity", "realised_pnl", "unrealised_pnl", "fees")
    found = [row[name] for name in names]
    while True:
        expected = account.row(advance(seen))
        if found == [expected[name] for name in names] or seen >= len(ticks) or ticks[seen][0] > ts:
            break
        seen += 1
    checks.equal(f"equity row {at} (fill {fill['venue_fill_id']})", found, [expected[name] for name in names])


def fill_places(rows, fills, events):
    """Fills and closes in the order of the rows: at equal times the fees and sums tell which is which."""
    places, fill_at, event_at = [], 0, 0
    for row in rows[1:-1]:
        ts = row["ts_event"]
        is_close = event_at < len(events) and events[event_at][0] == ts
        is_fill = fill_at < len(fills) and fills[fill_at]["ts_event"] == ts
        # At one instant what was on its way is answered first, then bars close, then what they caused follows.
        if is_fill and (not is_close or fills[fill_at]["before_close"]):
            places.append(("fill", ts, fills[fill_at]))
            fill_at += 1
        elif is_close:
            places.append(("close", ts, None))
            event_at += 1
    places += [("fill", fill["ts_event"], fill) for fill in fills[fill_at:]]
    places += [("close", ts, None) for ts, *_ in events[event_at:]]
    return places


def check_portfolio(checks, summary, account, marks):
    portfolio = summary["portfolio"]
    expected = account.row(marks)
    for name in ("cash", "equity", "realised_pnl", "unrealised_pnl", "fees"):
        checks.equal(f"portfolio.{name}", parse(portfolio[name]), expected[name])
    held = {symbol: quantity for symbol, quantity in sorted(account.quantity.items()) if quantity}
    checks.equal("the symbols held", [row["symbol"] for row in portfolio["positions"]], list(held))
    for row in portfolio["positions"]:
        symbol = row["symbol"]
        found = [parse(row[name]) for name in ("quantity", "cost", "mark_price", "multiplier")]
        wanted = [held.get(symbol), account.cost[symbol], marks.get(symbol), account.multipliers[symbol]]
        checks.equal(f"the position in {symbol}", found, wanted)


# Performance


def trips(fills):
    """What each trade earned, net of fees; a reversal's fee is split by quantity."""
    done, held, net = [], defaultdict(int), defaultdict(int)
    for fill in fills:
        symbol, quantity = fill["symbol"], fill["quantity"]
        signed = quantity if fill["side"] == "buy" else -quantity
        value = lambda amount: notional(fill["price"], amount, fill["multiplier"])
        before, after = held[symbol], held[symbol] + signed
        if before * after < 0:
            fee = half_even(fill["fee"] * abs(before), quantity)
            done.append(net[symbol] - value(-before) - fee)
            net[symbol] = -(value(signed) - value(-before)) - (fill["fee"] - fee)
        else:
            net[symbol] -= value(signed) + fill["fee"]
            if after == 0:
                done.append(net[symbol])
                net[symbol] = 0
        held[symbol] = after
    return done


def held_nanos(fills, end):
    held, since, total = defaultdict(int), None, 0
    for fill in fills:
        held[fill["symbol"]] += fill["quantity"] if fill["side"] == "buy" else -fill["quantity"]
        if any(held.values()):
            since = fill["ts_event"] if since is None else since
        elif since is not None:
            total += fill["ts_event"] - since
            since = None
    return total + (end - since if since is not None else 0)


def sampled_returns(rows, period):
    times = np.array([row["ts_event"] for row in rows], dtype=np.int64)
    first = -(-rows[0]["ts_event"] // period) * period
    samples = [rows[int(np.searchsorted(times, at, "right")) - 1]["equity"] for at in range(first, rows[-1]["ts_event"], period)]
    samples.append(rows[-1]["equity"])
    return [(after - before) / before for before, after in zip(samples, samples[1:])]


def check_performance(checks, summary, rows, fills, capital):
    span = rows[-1]["ts_event"] - rows[0]["ts_event"]
    period, per_year = (HOUR, 8760) if span < 5 * DAY else (DAY, 365)
    returns = sampled_returns(rows, period)
    mean = math.fsum(returns) / len(returns) if returns else None
    deviation = pd.Series(returns, dtype="float64").std(ddof=1) if len(returns) > 1 else None
    downside = math.sqrt(math.fsum(min(r, 0) ** 2 for r in returns) / len(returns)) if returns else None
    peak, drawdown = rows[0]["equity"], 0.0
    for row in rows:
        peak = max(peak, row["equity"])
        drawdown = max(drawdown, (peak - row["equity"]) / peak)
    traded = sum(notional(fill["price"], fill["quantity"], fill["multiplier"]) for fill in fills)
    nets = trips(fills)
    gains, losses = sum(net for net in nets if net > 0), -sum(net for net in nets if net < 0)
    ratio = lambda above, below: above / below if below else None
    annual = math.sqrt(per_year)
    expected = {
        "return": (rows[-1]["equity"] - capital) / capital,
        "sharpe": mean / deviation * annual if deviation else None,
        "sortino": mean / downside * annual if downside else None,
        "volatility": deviation * annual if deviation is not None else None,
        "max_drawdown": drawdown,
        "turnover": traded / (sum(row["equity"] for row in rows) / len(rows)),
        "trades": len(nets),
        "win_rate": ratio(sum(net > 0 for net in nets), len(nets)),
        "profit_factor": ratio(gains, losses),
        "exposure": ratio(held_nanos(fills, rows[-1]["ts_event"]), span),
    }
    for name, value in expected.items():
        checks.close(f"performance.{name}", summary["performance"][name], value)


def main(arguments):
    if len(arguments) < 2:
        print("usage: scripts/check_run.py RUN_DIR DATA...", file=sys.stderr)
        return 2
    run, *paths = arguments
    checks = Checks()
    settings = Settings(run)
    with open(os.path.join(run, "summary.json"), encoding="utf-8") as file:
        summary = json.load(file)
    refused = defaultdict(set)
    rejects = [row for row in table(run, "rejects") if row["kind"] == "tick"]
    for row in rejects:
        refused[os.path.realpath(row["file"])].add(row["row"])
    ticks, rows_read = read_ticks(data_files(paths), settings, refused)
    checks.equal("data.rows_read", summary["data"]["rows_read"], rows_read)
    checks.equal("data.ticks", summary["data"]["ticks"], len(ticks))
    checks.equal("Σ data.rejected", sum(summary["data"]["rejected"].values()), len(rejects))
    orders, fills, rows = (table(run, name) for name in ("orders", "fills", "equity"))
    for name, found in (("orders", orders), ("fills", fills)):
        checks.equal(f"counts.{name}", summary["counts"][name], len(found))
    if not ticks:
        checks.equal("the bars of no data", table(run, "bars"), [])
        return checks.finish()
    end = ticks[-1][0] if settings.end is None else max(ticks[-1][0], settings.end)
    bars = make_bars(ticks, settings, end)
    closes = {key[0] for key in bars if key[2] == settings.timeframes[0]}
    check_bars(checks, run, settings, bars)
    if os.path.exists(os.path.join(run, "batches.parquet")):
        check_batches(checks, run, settings, ticks)
    check_fills(checks, fills, orders, settings)
    sent = {order["client_order_id"]: order["ts_event"] for order in orders}
    for fill in fills:
        # An order that was caused at this very instant is answered after the close.
        fill["before_close"] = sent.get(fill["client_order_id"], -1) < fill["ts_event"]
    capital = parse(summary["portfolio"]["initial_capital"])
    account = Account(capital, settings.multipliers)
    check_equity(checks, rows, ticks, fills, closes, account, end)
    check_portfolio(checks, summary, account, marks_at(ticks)(len(ticks)))
    check_performance(checks, summary, rows, fills, capital)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
