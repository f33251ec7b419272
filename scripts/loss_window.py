#!/usr/bin/env python3
"""What a killed paper run loses, measured: kill -9 at random moments, the venue's own record against the journal.

    scripts/loss_window.py [ROUNDS] [PROGRAM]          30 rounds of each durability with target/release/grandmodel

A round trades on paper, over the quickstart market and with an order every few milliseconds, is killed, and then the
journal is read. Lost are the inputs from the journal's end up to the last order that the venue wrote down: the engine
had gone through them at least, and the next start reads them from the data again. Time is inputs by the round's own
speed. A power cut cannot be tried here: the tests of the journal do that on a simulated disk.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
PROGRAM = Path(sys.argv[2] if len(sys.argv) > 2 else "target/release/grandmodel").resolve()
MARKET = Path("data/quickstart").resolve()

CONFIG = """
[run]
strategies = ["ema_cross"]
[data]
paths = ["{market}"]
[bars]
timeframes = ["1s"]
[indicators]
min_history = 10
[ema_cross]
timeframe = "1s"
fast = 1
slow = 2
"""


def round_of(durability, folder, rng):
    config = folder / "run.toml"
    config.write_text(CONFIG.format(market=MARKET))
    command = [PROGRAM, "backtest", "--config", config, "--paper", "--out", folder / "run"]
    command += ["--set", f"journal.durability={durability}"]
    started = time.monotonic()
    engine = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(rng.uniform(0.5, 2.0))
    engine.kill()
    elapsed = time.monotonic() - started
    stderr = engine.communicate()[1].decode()
    if engine.returncode != -9:
        sys.exit(f"the run ended before it was killed: {stderr}")
    journal = folder / "run.journal"
    time.sleep(0.2)  # the venue writes down what had reached it
    lines = [line for line in (journal / "orders.log").read_text().splitlines() if not line.endswith(" cut")]
    sent = max((int(line.split("-")[1]) for line in lines), default=0)
    said = subprocess.run([PROGRAM, "journal", "verify", "--json", journal], capture_output=True, text=True, check=True)
    segments = json.loads(said.stdout)["segments"]
    kept = max((segment["first_seq"] + segment["inputs"] - 1 for segment in segments), default=0)
    return len(lines), kept, max(0, sent - kept), elapsed


def main():
    if not MARKET.is_dir():
        sys.exit(f"{MARKET} is not there: run backtest --config configs/quickstart.toml once")
    rng = random.Random(7)
    for durability in ["strict", "async"]:
        rows = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory(dir="target") as folder:
                rows.append(round_of(durability, Path(folder).resolve(), rng))
        lost = sorted(row[2] for row in rows)
        windows = sorted(1000 * row[2] / (row[1] / row[3]) for row in rows if row[1])
        orders = sum(row[0] for row in rows)
        print(
            f"{durability:6}  {len(rows)} kills, {orders} orders seen by the venue; "
            f"inputs lost: median {lost[len(lost) // 2]}, most {lost[-1]}; "
            f"that is {windows[len(windows) // 2]:.2f} ms, most {windows[-1]:.2f} ms"
        )


main()
