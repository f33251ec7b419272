"""Recomputes indicator values from the batch definitions with numpy, and with TA-Lib where it imports.

Usage: oracle.py FILE. FILE is comma-separated: ts_open (ns), open, high, low, close, volume (in 1e-9), vwap (may be
empty), then one column per value, named as the engine names it. Exit status 1 and a line per column that is
off by more than 1e-9 * max(1, |expected|).
"""

import csv
import sys
from dataclasses import dataclass

import numpy as np

UNIT = 10**9
DAY = 86_400 * UNIT
# Bars after which what an average was seeded with is forgotten to the last digit.
FORGOTTEN = 2_000


@dataclass
class Bars:
    """Columns of integers: prices and volume in units of 1e-9; vwap -1 where there is none."""

    ts_open: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    vwap: np.ndarray

    def closes(self):
        return self.close.astype(np.longdouble) / UNIT


def raw(text):
    """A decimal as an exact integer of 1e-9."""
    whole, _, part = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * UNIT + sign * int(part.ljust(9, "0") or "0")


def windows(x, n):
    return np.lib.stride_tricks.sliding_window_view(x, n)


def late(values, length):
    """Puts NaN before values so that they end with the last bar."""
    return np.concatenate([np.full(length - len(values), np.nan), values])


def recursive(x, n, k):
    """seed = mean of the first n, then v += k*(x - v), in extended precision."""
    out = np.empty(max(len(x) - n + 1, 0), np.longdouble)
    value = x[:n].astype(np.longdouble).mean()
    for i in range(n - 1, len(x)):
        if i >= n:
            value += np.longdouble(k) * (x[i] - value)
        out[i - n + 1] = value
    return out


def exponential(x, n):
    return recursive(x, n, np.longdouble(2) / (n + 1))


def wilder(x, n):
    return recursive(x, n, np.longdouble(1) / n)


def cutler(x, n):
    return windows(x, n).mean(axis=1)


def rsi(close, n, smooth):
    change = np.diff(close).astype(np.longdouble)
    gain, loss = smooth(np.maximum(change, 0), n), smooth(np.maximum(-change, 0), n)
    moved = gain + loss > 0
    return np.where(moved, 100 * gain / np.where(moved, gain + loss, 1), 50)


def atr(bars, n):
    tr = bars.high - bars.low
    last = bars.close[:-1]
    tr[1:] = np.maximum(tr[1:], np.maximum(abs(bars.high[1:] - last), abs(bars.low[1:] - last)))
    return wilder(tr.astype(np.longdouble) / UNIT, n)


def macd(close, fast, slow, signal, line):
    fast, slow = exponential(close, fast), exponential(close, slow)
    length = min(len(fast), len(slow))
    values = fast[-length:] - slow[-length:]
    average = exponential(values, signal)
    return {"line": values, "signal": average, "histogram": values[-len(average) :] - average}[line]


def bollinger(close, n, k, line):
    w = windows(close, n)
    return w.mean(axis=1) + {"upper": k, "middle": 0.0, "lower": -k}[line] * w.std(axis=1)


def extremes(bars, n):
    """Highest high and lowest low of up to n bars."""
    highs = np.concatenate([np.full(n - 1, np.iinfo(np.int64).min), bars.high])
    lows = np.concatenate([np.full(n - 1, np.iinfo(np.int64).max), bars.low])
    return windows(highs, n).max(axis=1), windows(lows, n).min(axis=1)


def stochastic(bars, n, k, d, line):
    high, low = (side[n - 1 :] for side in extremes(bars, n))
    height = (high - low).astype(np.longdouble)
    place = np.where(height > 0, 100 * (bars.close[n - 1 :] - low) / np.where(height > 0, height, 1), 50)
    percent_k = windows(place, k).mean(axis=1)
    return percent_k if line == "k" else windows(percent_k, d).mean(axis=1)


def adx(bars, n):
    up, down = np.diff(bars.high), -np.diff(bars.low)
    plus = wilder(np.where((up > down) & (up > 0), up, 0), n)
    minus = wilder(np.where((down > up) & (down > 0), down, 0), n)
    total = plus + minus
    return wilder(np.where(total > 0, 100 * abs(plus - minus) / np.where(total > 0, total, 1), 0), n)


def ratio(top, bottom):
    """Quotients of lists of exact integers; NaN where the lower one is 0."""
    return np.array([np.longdouble(a) / np.longdouble(b) if b else np.nan for a, b in zip(top, bottom)])


def vwap_session(bars):
    top, bottom, day, notional, volume = [], [], None, 0, 0
    for i in range(len(bars.close)):
        if bars.ts_open[i] // DAY != day:
            day, notional, volume = bars.ts_open[i] // DAY, 0, 0
        notional += int(bars.vwap[i]) * int(bars.volume[i])
        volume += int(bars.volume[i])
        top.append(notional)
        bottom.append(volume * UNIT)
    return ratio(top, bottom)


def vwap_rolling(bars, n):
    price = [int(o) + int(h) + int(l) + int(c) for o, h, l, c in zip(bars.open, bars.high, bars.low, bars.close)]
    notional = [p * int(v) for p, v in zip(price, bars.volume)]
    spans = range(n, len(price) + 1)
    volume = [4 * UNIT * int(sum(bars.volume[i - n : i])) for i in spans]
    return ratio([sum(notional[i - n : i]) for i in spans], volume)


def obv(bars):
    direction = np.concatenate([[1], np.sign(np.diff(bars.close))])
    return np.cumsum(direction * bars.volume).astype(np.longdouble) / UNIT


def volatility(close, n):
    return windows(np.diff(close) / close[:-1], n).std(axis=1)


def parse(name):
    """Kind, parameters and line of `macd_12_26_9.line`."""
    head, point, line = name.rpartition(".")
    if not (point and line.isalpha()):
        head, line = name, ""
    parts = head.split("_")
    words = [part for part in parts if part.isalpha()]
    return "_".join(words), [float(part) if "." in part else int(part) for part in parts[len(words) :]], line


def expected(name, bars):
    kind, p, line = parse(name)
    close = bars.closes()
    values = {
        "sma": lambda: windows(close, *p).mean(axis=1),
        "ema": lambda: exponential(close, *p),
        "wma": lambda: windows(close, *p) @ np.arange(1, p[0] + 1) / (p[0] * (p[0] + 1) / 2),
        "rsi": lambda: rsi(bars.close, *p, wilder),
        "rsi_cutler": lambda: rsi(bars.close, *p, cutler),
        "atr": lambda: atr(bars, *p),
        "macd": lambda: macd(close, *p, line),
        "bollinger": lambda: bollinger(close, *p, line),
        "stochastic": lambda: stochastic(bars, *p, line),
        "adx": lambda: adx(bars, *p),
        "donchian": lambda: extremes(bars, *p)[line == "low"].astype(np.longdouble) / UNIT,
        "vwap_session": lambda: vwap_session(bars),
        "vwap_rolling": lambda: vwap_rolling(bars, *p),
        "obv": lambda: obv(bars),
        "volatility": lambda: volatility(close, *p),
        "momentum": lambda: close[p[0] :] - close[: -p[0]],
    }[kind]()
    return late(values, len(close))


def settled(values):
    """Without what an average of TA-Lib's still remembers of a seed that is not ours."""
    return np.concatenate([np.full(FORGOTTEN, np.nan), values[FORGOTTEN:]])


def talib_value(talib, name, bars):
    """TA-Lib's value where its convention is ours, and its arithmetic good enough.

    Not ATR (it leaves the first bar out), not Bollinger (its running sums of squares lose flat stretches).
    """
    kind, p, line = parse(name)
    high, low, close = bars.high / UNIT, bars.low / UNIT, bars.close / UNIT
    # On whole cents, so that TA-Lib compares movements as exactly as we do.
    cents = [side / 10_000_000.0 for side in (bars.high, bars.low, bars.close)]
    if kind in ("sma", "ema", "wma") and p[0] > 1:
        return getattr(talib, kind.upper())(close, *p)
    if kind == "rsi":
        values = talib.RSI(close, *p)
        moved = np.concatenate([[False], np.cumsum(np.diff(close) != 0) > 0])
        return np.where(moved | np.isnan(values), values, 50)  # TA-Lib says 0 where nothing has moved
    if kind == "macd":
        return settled(talib.MACD(close, *p)[["line", "signal", "histogram"].index(line)])
    if kind == "stochastic":
        fast, k, d = p
        return settled(talib.STOCH(high, low, close, fast, k, 0, d, 0)[line == "d"])
    if kind == "adx":
        return settled(talib.ADX(*cents, *p))
    if kind == "donchian":
        return settled(talib.MAX(high, *p) if line == "high" else talib.MIN(low, *p))
    if kind == "obv":
        return talib.OBV(close, bars.volume / UNIT)
    if kind == "momentum":
        return talib.MOM(close, *p)
    return None


def check(name, got, want, judge):
    """Says whether the two agree on which values exist and within tolerance where they do.

    Where the judge is not asked (its value is `settled` NaN), nothing is compared.
    """
    asked = slice(FORGOTTEN, None) if np.isnan(want[:FORGOTTEN]).all() else slice(None)
    got, want = got[asked], want[asked]
    missing = np.isnan(got) != np.isnan(want)
    if missing.any():
        row = missing.argmax() + 1
        print(f"{name}: {judge} has a value where the engine has none, or the reverse, first at row {row}")
        return False
    there = ~np.isnan(want)
    excess = abs(got[there] - want[there]) / np.maximum(1, abs(want[there]))
    print(f"{name}: {there.sum()} values, largest difference from {judge} {float(excess.max()):.2e}")
    return bool(excess.max() <= 1e-9)


def main():
    with open(sys.argv[1], newline="") as file:
        header, *rows = list(csv.reader(file))
    columns = list(zip(*rows))
    ts_open, volume = (np.array([int(cell) for cell in columns[i]], np.int64) for i in (0, 5))
    prices = [np.array([raw(cell or "-1") for cell in columns[i]], np.int64) for i in (1, 2, 3, 4, 6)]
    bars = Bars(ts_open, *prices[:4], volume, prices[4])
    try:
        import talib
    except ImportError:
        talib = None
        print("TA-Lib is not installed; compared with numpy only")
    good = True
    for i, name in enumerate(header[7:], 7):
        got = np.array([float(cell) for cell in columns[i]])
        good &= check(name, got, expected(name, bars), "numpy")
        theirs = talib and talib_value(talib, name, bars)
        if theirs is not None:
            good &= check(name, got, theirs, "TA-Lib")
    sys.exit(0 if good else 1)


main()
