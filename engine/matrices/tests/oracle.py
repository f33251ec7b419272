"""Recomputes a matrix' cells from its definition with numpy, and its schema's hash from the schema's text.

Usage: oracle.py < TRANSCRIPT. A transcript is a line "schema HASH LINES", that many lines of the schema's text, then
for each bar "row VALUE ..." and, where the engine emitted one, "matrix CELL ..." row by row, the oldest row first.
Window, order and scaling are read from the schema's text. Exit status 1 and a line on what differs.
"""

import hashlib
import sys

import numpy as np

TOLERANCE = 1e-6  # f32 holds about 1.2e-7 of a cell near 3


def cells(rows, scalings):
    """The definition: z-score over the window in extended precision, clipped; flat columns 0; raw ones as they are."""
    window = np.array(rows, np.longdouble)
    mean, deviation = window.mean(axis=0), window.std(axis=0)
    flat = deviation <= 1e-9 * np.maximum(1, abs(mean))
    scores = np.clip((window - mean) / np.where(flat, 1, deviation), -3, 3)
    return np.where(scalings == "raw", window, np.where(flat, 0, scores))


def fail(*words):
    print(*words)
    sys.exit(1)


def main():
    lines = sys.stdin.read().splitlines()
    _, said_hash, count = lines[0].split()
    schema, bars = lines[1 : 1 + int(count)], lines[1 + int(count) :]
    made_hash = hashlib.sha256("".join(line + "\n" for line in schema).encode()).hexdigest()
    if made_hash != said_hash:
        fail("the schema's hash is", made_hash, "and not", said_hash)
    fields = dict(line.split(" ", 1) for line in schema if not line.startswith("column "))
    scalings = np.array([line.split()[3] for line in schema if line.startswith("column ")])
    window = int(fields["window"])
    rows, compared, clipped, largest = [], 0, 0, 0.0
    i = 0
    while i < len(bars):
        row = np.array(bars[i].removeprefix("row ").split(), float)
        i += 1
        got = None
        if i < len(bars) and bars[i].startswith("matrix "):
            got = np.array(bars[i].removeprefix("matrix ").split(), float)
            i += 1
        exists = not np.isnan(row).any()
        if exists:
            rows.append(row)
        due = exists and len(rows) >= window
        if due != (got is not None):
            fail("after row", len(rows), "there should be", "a matrix" if due else "no matrix")
        if not due:
            continue
        want = cells(rows[-window:], scalings).astype(float).ravel()
        if got.shape != want.shape:
            fail("a matrix has", got.size, "cells and not", want.size)
        difference = abs(got - want) / np.maximum(1, abs(want))
        largest = max(largest, float(difference.max()))
        compared += got.size
        clipped += int((abs(want) == 3).sum())
    print(f"{fields['matrix']}: {compared} cells, {clipped} clipped, largest difference from numpy {largest:.2e}")
    sys.exit(0 if compared and largest <= TOLERANCE else 1)


main()
