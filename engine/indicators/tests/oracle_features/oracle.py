"""Recomputes the values of the intelligence page that are not classical, from its definitions, with numpy.

Usage: oracle.py FOLDER. For each market NAME there are NAME.bars.csv (ts_close, open, high, low, close, volume, then
one column per value; integers are raw, at 1e-9), NAME.ticks.csv (bar, price, size) and NAME.about (the timeframe in
nanoseconds, the ticks counted in an end bin of the profile); for batches NAME.batched.csv (ts, price, size) and NAME.batches.csv. Nothing here knows how the engine computes.
Exit status 1 and a line per column that is off by more than 1e-9 * max(1, |expected|).
"""

import csv
import sys
from bisect import bisect_left
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

UNIT = 10**9
REAL = np.longdouble  # 64 bits of mantissa: every raw price is exact
NAN = float("nan")


def windows(x, n):
    return np.lib.stride_tricks.sliding_window_view(x, n) if len(x) >= n else np.empty((0, n), x.dtype)


def late(values, length):
    """Puts NaN before values so that they end with the last bar."""
    return np.concatenate([np.full(length - len(values), NAN), np.asarray(values, float)])


def returns(close):
    """Simple returns; NaN after a close of 0. One shorter than the closes."""
    change, base = np.diff(close).astype(REAL), close[:-1].astype(REAL)
    return np.where(base == 0, REAL(NAN), change / np.where(base == 0, 1, base))


# MLMI


def rsi(close, n):
    """Wilder's index by bar; NaN before bar n + 1."""
    change = np.diff(close).astype(REAL)
    values = np.full(len(close), REAL(NAN))
    if len(change) < n:
        return values
    gain, loss = np.maximum(change[:n], 0).mean(), np.maximum(-change[:n], 0).mean()
    value = REAL(50)
    for i in range(n - 1, len(change)):
        if i >= n:
            gain += (max(change[i], 0) - gain) / n
            loss += (max(-change[i], 0) - loss) / n
        # A bar that does not move shrinks both alike: the ratio stays.
        if (change[i] != 0 or i == n - 1) and gain + loss > 0:
            value = 100 * gain / (gain + loss)
        values[i + 1] = value
    return values


def wma(x, n):
    weights = np.arange(1, n + 1)
    return np.concatenate([np.full(min(n - 1, len(x)), NAN), windows(x, n) @ weights.astype(REAL) / weights.sum()])


def crossings(close):
    """Bars at which WMA5 > WMA20 turns, in whole numbers."""
    exact = np.array([int(c) for c in close], object)
    above = []
    for i in range(19, len(close)):
        fast = sum(w * c for w, c in zip(range(1, 6), exact[i - 4 : i + 1]))
        slow = sum(w * c for w, c in zip(range(1, 21), exact[i - 19 : i + 1]))
        above.append(fast * 210 > slow * 15)
    return [i + 20 for i in range(len(above) - 1) if above[i] != above[i + 1]]


def votes(distances, labels):
    """All that the five nearest may add up to: one number, unless distances about the fifth differ by rounding."""
    order = np.argsort(distances, kind="stable")
    fifth = distances[order[4]]
    near = abs(distances - fifth) < 1e-9
    if (distances[near] == fifth).all():
        return [labels[order[:5]].sum()]
    sure = distances < fifth - 1e-9
    places, ups = 5 - sure.sum(), labels[near].sum()
    least = max(0, places - (near.sum() - ups))
    return [labels[sure].sum() + more for more in range(least, min(places, ups) + 1)]


def mlmi(close, got):
    """Value, signal, confidence by bar. Where the vote hangs on rounding, the engine's is taken if it is possible."""
    p1, p2 = wma(rsi(close, 20), 20), wma(rsi(close, 5), 20)
    turns = crossings(close)
    # When a label comes to be known, at which point, and what it is.
    known = [(later, p1[bar], p2[bar], int(close[later] > close[bar])) for bar, later in zip(turns, turns[1:])]
    known = [entry for entry in known if not np.isnan(entry[1] + entry[2])]
    times = [entry[0] for entry in known]
    points = np.array([entry[1:3] for entry in known], REAL).reshape(-1, 2)
    labels = np.array([entry[3] for entry in known], int)
    out, doubtful = np.full((len(close), 3), NAN), 0
    for i in range(len(close)):
        if np.isnan(p1[i] + p2[i]):
            continue
        end = bisect_left(times, i + 1)
        some = slice(max(0, end - 200), end)
        if end < 5:
            out[i] = [0.5, 0, 0]
            continue
        distances = ((points[some] - [p1[i], p2[i]]) ** 2).sum(axis=1)
        possible = [v / 5 for v in votes(distances, labels[some])]
        doubtful += len(possible) > 1
        value = min(possible, key=lambda v: abs(v - got[i]))
        out[i] = [value, np.sign(value - 0.5), abs(value - 0.5) * 2]
    print(f"  {len(turns)} crossings, {doubtful} votes that hang on rounding")
    return out.T


# NWRQK and RQK


def nwrqk(close):
    r = windows(returns(close), 19)
    x = np.arange(19) - 9
    slope = (r * x).sum(axis=1) / (x * x).sum()
    volatility = r.std(axis=1)
    return [late(values, len(close)) for values in (slope / (volatility + REAL(1e-8)), slope, volatility)]


def rqk(close):
    price = close.astype(REAL) / UNIT

    def regression(h):
        i = np.arange(27).astype(REAL)
        w = (1 + i**2 / (2 * 8 * REAL(h) ** 2)) ** -8
        return windows(price, 27) @ w[::-1] / w.sum()

    value = regression(8)
    return [late(values, len(close)) for values in (value, np.diff(value), regression(6))]


# FVG


def fvg(o, h, l, c):
    n = len(c)
    body = np.abs(c - o)
    gaps = []  # born, gone, mitigated, bottom, top, side
    for t in range(19, n):
        if 2 * int(body[t - 1]) * 20 <= 3 * sum(int(b) for b in body[t - 19 : t + 1]):
            continue
        if l[t] > h[t - 2] and c[t - 1] > h[t - 2]:
            bottom, top, side = h[t - 2], l[t], 1
            reached = l[t + 1 : t + 50] <= bottom
        elif h[t] < l[t - 2] and c[t - 1] < l[t - 2]:
            bottom, top, side = h[t], l[t - 2], -1
            reached = h[t + 1 : t + 50] >= top
        else:
            continue
        ended = reached.any()
        gaps.append((t, t + 1 + int(reached.argmax()) if ended else t + 50, ended, int(bottom), int(top), side))
    out = np.zeros((n, 5))
    alive = [[] for _ in range(n)]
    for gap in gaps:
        for t in range(gap[0], min(gap[1], n)):
            alive[t].append(gap)
        if gap[2]:
            out[gap[1], 2] = 1
    for t in range(n):
        out[t, 0] = any(gap[5] == 1 for gap in alive[t])
        out[t, 1] = any(gap[5] == -1 for gap in alive[t])
        edges = [(abs(edge - int(c[t])), t - gap[0], edge) for gap in alive[t] for edge in gap[3:5]]
        if edges:
            _, age, edge = min(edges)
            out[t, 3] = (edge - int(c[t])) / int(c[t]) if c[t] else NAN
            out[t, 4] = np.exp(-age / 10)
    out[:19] = NAN
    print(f"  {len(gaps)} gaps, {sum(gap[2] for gap in gaps)} mitigated")
    return out.T


# Volume profile


def bar_bins(ticks, width):
    """Volume by bin of one bar, which spans at most 4,096 bins; and how many ticks would have lain beyond."""
    bins, outside = Counter(), 0
    low = high = ticks[0][0] // width if ticks else 0
    for price, size in ticks:
        bin = price // width
        inside = min(max(bin, high - 4095), low + 4095)
        low, high = min(low, inside), max(high, inside)
        bins[inside] += size
        outside += inside != bin
    return bins, outside


def value_area(bins, traded, poc, total):
    low = high = poc
    inside = bins[poc]
    while 10 * inside < 7 * total:
        up, down = bins.get(high + 1, 0), bins.get(low - 1, 0)
        if high == traded[-1] or (low > traded[0] and down > up):
            low -= 1
            inside += down
            if not down:  # an empty bin below the last one above: on to the next with volume
                low = traded[bisect_left(traded, low) - 1]
                inside += bins[low]
        else:
            high += 1
            inside += up
            if not up:  # empty on both sides: upwards until there is volume
                high = traded[bisect_left(traded, high)]
                inside += bins[high]
    return low, high


def nearest_node(bins, traded, total, distance):
    length = traded[-1] - traded[0] + 1

    def is_node(b):
        below, own, above = (bins.get(b + i, 0) for i in (-1, 0, 1))
        return own <= below and own <= above and (own < below or own < above) and 5 * own * length < total

    # A bin without a neighbour that has volume is below neither.
    beside = {b + i for b in traded for i in (-1, 0, 1)}
    nodes = [b for b in beside if traded[0] < b < traded[-1] and is_node(b)]
    return min(nodes, key=lambda b: (abs(distance(b)), b), default=None)


def skew(traded, volumes, poc):
    if len(traded) == 1:
        return 0.0
    x = np.array([b - poc for b in traded], REAL)
    w = np.array([REAL(v) for v in volumes])
    w /= w.sum()
    x -= (x * w).sum()
    return (x**3 * w).sum() / (x**2 * w).sum() ** REAL(1.5)


def profile(h, l, c, ticks):
    first = next((price for bar in ticks for price, _ in bar if price), None)
    width = None if first is None else 10 ** max(0, len(str(abs(first))) - 5)
    tr = (h - l).astype(REAL)
    tr[1:] = np.maximum(h[1:], c[:-1]) - np.minimum(l[1:], c[:-1])
    atr = tr[:14].mean()
    out, nodes = np.full((len(c), 5), NAN), 0
    bars, outside = zip(*(bar_bins(bar, width or 1) for bar in ticks))
    for t in range(len(c)):
        if t >= 14:
            atr = (13 * atr + tr[t]) / 14
        if t < 19:
            continue
        out[t] = 0
        bins = sum(bars[t - 19 : t + 1], Counter())
        if not bins or atr == 0:
            continue
        traded, total = sorted(bins), sum(bins.values())
        close = int(c[t])

        def distance(b):
            return (2 * b + 1) * width - 2 * close

        poc = min(traded, key=lambda b: (-bins[b], b))
        node = nearest_node(bins, traded, total, distance)
        if node is not None:
            nodes += 1
            out[t, 0] = REAL(distance(node)) / 2 / atr
            out[t, 1] = 1 - bins.get(node, 0) * (traded[-1] - traded[0] + 1) / total
        out[t, 2] = REAL(distance(poc)) / 2 / atr
        low, high = value_area(bins, traded, poc, total)
        out[t, 3] = (close - low * width) / ((high - low + 1) * width)
        out[t, 4] = skew(traded, [bins[b] for b in traded], poc)
    print(f"  bins of {(width or 0) / UNIT:g}, {nodes} bars with a low volume node, {sum(outside)} ticks in end bins")
    return out.T, sum(outside)


# Regime


def kernel_mean(a, b, sigma):
    """Mean of k over all pairs, row by row."""
    z = ((a[:, :, None] - b[:, None, :]) / sigma[:, None, None]).astype(float)
    return np.exp(-0.5 * z * z).mean(axis=(1, 2))


def discrepancy(x, y):
    out = np.empty(len(x))
    for start in range(0, len(x), 1000):
        a, b = x[start : start + 1000], y[start : start + 1000]
        pooled = np.concatenate([a, b], axis=1)
        sigma = pooled.std(axis=1)
        none = pooled.max(axis=1) == pooled.min(axis=1)
        sigma = np.where(none, 1, sigma)
        mmd = kernel_mean(a, a, sigma) + kernel_mean(b, b, sigma) - 2 * kernel_mean(a, b, sigma)
        out[start : start + 1000] = np.where(none, 0, mmd)
    return out


def regime(close, timeframe):
    r = returns(close)
    samples = windows(r, 20)
    mmd = [late(discrepancy(samples[lag:], samples[: len(samples) - lag]), len(close)) for lag in (20, 40, 60)]
    year = np.sqrt(REAL(365.25) * 86400 * UNIT / timeframe)
    return [*mmd, late(windows(r, 30).std(axis=1) * year, len(close))]


# Others


def price_momentum(close):
    before, change = close[:-5].astype(REAL), (close[5:] - close[:-5]).astype(REAL)
    percent = np.where(before == 0, REAL(NAN), 100 * change / np.where(before == 0, 1, before))
    return late(np.clip(percent, -10, 10), len(close))


def volume_ratio(volumes):
    v = np.array([REAL(volume) for volume in volumes])
    average, out = v[:20].mean(), np.full(len(v), NAN)
    for i in range(19, len(v)):
        if i >= 20:
            average += REAL(2) / 21 * (v[i] - average)
        out[i] = np.log(1 + max(0, v[i] / average - 1)) if average > 0 else 0
    return out


def clock(ts_close):
    out = []
    for ts in ts_close:
        seconds, nanos = divmod(ts, UNIT)
        at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
        day = at.hour * 3600 + at.minute * 60 + at.second + nanos / UNIT
        hour, week = 2 * np.pi * day / 86400, 2 * np.pi * (at.weekday() * 86400 + day) / 604800
        out.append([np.sin(hour), np.cos(hour), np.sin(week), np.cos(week)])
    return np.array(out).T


def batches(rows):
    out, start = [], 0
    while start < len(rows):
        end = start
        while end < len(rows) and end - start < 100 and rows[end][0] - rows[start][0] < 1_000_000:
            end += 1
        ts, price, size = (np.array(column, object) for column in zip(*rows[start:end]))
        volume = sum(size)
        offset = np.array(price - price[0], REAL)
        vwap = REAL(price[0]) / UNIT + (offset * size.astype(REAL)).sum() / REAL(volume) / UNIT if volume else NAN
        change = (price[-1] - price[0]) / UNIT
        out.append([ts[0], ts[-1] - ts[0], end - start, vwap, change, volume, offset.std() / UNIT])
        start = end
    return out


# Judging


def read(path):
    with open(path, newline="") as file:
        header, *rows = list(csv.reader(file))
    return header, rows


def check(market, name, got, want):
    """Says whether the two agree on which values exist and within tolerance where they do."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    missing = np.isnan(got) != np.isnan(want)
    if got.shape != want.shape or missing.any():
        print(f"{market} {name}: one has a value where the other has none, first at bar {missing.argmax() + 1}")
        return False
    there = ~np.isnan(want)
    excess = np.where(there, abs(got - want) / np.maximum(1, abs(np.where(there, want, 0))), 0)
    worst = int(excess.argmax())
    good = bool(excess[worst] <= 1e-9)
    verdict = "" if good else f": OFF at bar {worst + 1}, {got[worst]!r} for {want[worst]!r}"
    print(f"  {name}: {there.sum()} values, largest difference {excess[worst]:.1e}{verdict}")
    return good


def judge_market(folder, market):
    header, rows = read(folder / f"{market}.bars.csv")
    print(f"{market}: {len(rows)} bars")
    columns = list(zip(*rows))
    exact = [[int(cell) for cell in column] for column in columns[:6]]
    o, h, l, c = (np.array(column, np.int64) for column in exact[1:5])
    got = {name: np.array([float(cell) for cell in column]) for name, column in zip(header[6:], columns[6:])}
    ticks = [[] for _ in rows]
    for bar, price, size in read(folder / f"{market}.ticks.csv")[1]:
        ticks[int(bar)].append((int(price), int(size)))
    timeframe, clamped = (int(word) for word in (folder / f"{market}.about").read_text().split())
    of_profile, outside = profile(h, l, c, ticks)
    want = [*mlmi(c, got["mlmi_value"]), *nwrqk(c), *rqk(c), *fvg(o, h, l, c), *of_profile]
    want += [*regime(c, timeframe), price_momentum(c), volume_ratio(exact[5]), *clock(exact[0])]
    assert len(want) == len(got), (len(want), list(got))
    good = [check(market, name, values, want[i]) for i, (name, values) in enumerate(got.items())]
    if clamped != outside:
        print(f"{market}: the engine counted {clamped} ticks in end bins")
    return all(good) and clamped == outside


def judge_batches(folder, market):
    rows = [[int(cell) for cell in row] for row in read(folder / f"{market}.batched.csv")[1]]
    header, got = read(folder / f"{market}.batches.csv")
    want = batches(rows)
    print(f"{market}: {len(want)} batches of {len(rows)} ticks")
    if len(got) != len(want):
        print(f"{market}: the engine made {len(got)} batches")
        return False
    columns = [([float(row[i]) for row in got], [row[i] for row in want]) for i in range(len(header))]
    return all([check(market, name, *pair) for name, pair in zip(header, columns)])


def main():
    folder = Path(sys.argv[1])
    good = [judge_market(folder, path.name.split(".")[0]) for path in sorted(folder.glob("*.bars.csv"))]
    good += [judge_batches(folder, path.name.split(".")[0]) for path in sorted(folder.glob("*.batches.csv"))]
    sys.exit(0 if good and all(good) else 1)


main()
