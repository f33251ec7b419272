"""Recomputes indicator values from the batch definitions with numpy, and with TA-Lib where it imports.

Usage: oracle.py FILE. FILE is comma-separated: high, low, close, then one column per value, named as the
engine names it. Exit status 1 and a line per column that is off by more than 1e-9 * max(1, |expected|).
"""

import csv
import sys

import numpy as np

UNIT = 10**9


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


def sma(close, n):
    return late(windows(close, n).mean(axis=1), len(close))


def recursive(x, n, k):
    """seed = mean of the first n, then v += k*(x - v), in extended precision."""
    out = np.empty(max(len(x) - n + 1, 0), np.longdouble)
    value = x[:n].astype(np.longdouble).mean()
    for i in range(n - 1, len(x)):
        if i >= n:
            value += np.longdouble(k) * (x[i] - value)
        out[i - n + 1] = value
    return out


def ema(close, n):
    return late(recursive(close, n, np.longdouble(2) / (n + 1)), len(close))


def rsi(close_raw, n, smooth):
    change = np.diff(close_raw).astype(np.longdouble)
    gain, loss = smooth(np.maximum(change, 0), n), smooth(np.maximum(-change, 0), n)
    moved = gain + loss > 0
    values = np.where(moved, 100 * gain / np.where(moved, gain + loss, 1), 50)
    return late(values, len(close_raw))


def wilder(x, n):
    return recursive(x, n, np.longdouble(1) / n)


def cutler(x, n):
    return windows(x, n).mean(axis=1)


def atr(high_raw, low_raw, close_raw, n):
    tr = high_raw - low_raw
    tr[1:] = np.maximum(tr[1:], np.maximum(abs(high_raw[1:] - close_raw[:-1]), abs(low_raw[1:] - close_raw[:-1])))
    return late(wilder(tr.astype(np.longdouble) / UNIT, n), len(close_raw))


def bollinger(close, n, k, line):
    w = windows(close, n)
    return late(w.mean(axis=1) + {"upper": k, "middle": 0.0, "lower": -k}[line] * w.std(axis=1), len(close))


def expected(name, high_raw, low_raw, close_raw):
    close = close_raw.astype(np.longdouble) / UNIT
    head, _, line = name.rpartition(".") if ".upper" in name or ".middle" in name or ".lower" in name else (name, "", "")
    kind, *parameters = head.split("_")
    if kind == "rsi":
        return rsi(close_raw, int(parameters[-1]), cutler if parameters[0] == "cutler" else wilder)
    n = int(parameters[0])
    if kind == "bollinger":
        return bollinger(close, n, float(parameters[1]), line)
    return {"sma": lambda: sma(close, n), "ema": lambda: ema(close, n), "atr": lambda: atr(high_raw.copy(), low_raw, close_raw, n)}[kind]()


def talib_value(talib, name, high, low, close):
    """TA-Lib's value where its convention is ours, and its arithmetic good enough.

    Not ATR (it leaves the first bar out), not Bollinger (its running sums of squares lose flat stretches).
    """
    kind, *parameters = name.split("_")
    if kind == "sma" and int(parameters[0]) > 1:
        return talib.SMA(close, int(parameters[0]))
    if kind == "ema" and int(parameters[0]) > 1:
        return talib.EMA(close, int(parameters[0]))
    if kind == "rsi" and parameters[0] != "cutler":
        values = talib.RSI(close, int(parameters[0]))
        moved = np.concatenate([[False], np.cumsum(np.diff(close) != 0) > 0])
        return np.where(moved | np.isnan(values), values, 50)  # TA-Lib says 0 where nothing has moved
    return None


def check(name, got, want, judge):
    """Says whether the two agree on which values exist and within tolerance where they do."""
    missing = np.isnan(got) != np.isnan(want)
    if missing.any():
        print(f"{name}: {judge} has a value where the engine has none, or the reverse, first at row {missing.argmax() + 1}")
        return False
    there = ~np.isnan(want)
    excess = abs(got[there] - want[there]) / np.maximum(1, abs(want[there]))
    print(f"{name}: {there.sum()} values, largest difference from {judge} {float(excess.max()):.2e}")
    return bool(excess.max() <= 1e-9)


def main():
    with open(sys.argv[1], newline="") as file:
        header, *rows = list(csv.reader(file))
    columns = list(zip(*rows))
    high, low, close = (np.array([raw(cell) for cell in columns[i]], np.int64) for i in range(3))
    try:
        import talib
    except ImportError:
        talib = None
        print("TA-Lib is not installed; compared with numpy only")
    good = True
    for i, name in enumerate(header[3:], 3):
        got = np.array([float(cell) for cell in columns[i]])
        good &= check(name, got, expected(name, high, low, close), "numpy")
        theirs = talib and talib_value(talib, name, high / UNIT, low / UNIT, close / UNIT)
        if theirs is not None:
            good &= check(name, got, theirs, "TA-Lib")
    sys.exit(0 if good else 1)


main()
