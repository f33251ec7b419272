#!/usr/bin/env python3
"""Clones the six agents' first weights from one simple rule each, into configs/models/.

What they are: behaviour cloned, not trained. Each network learns to say what its rule says, from the matrices of a
synthetic market; no reward is looked at, so they know nothing about earning money. They are there so that
everything runs, decides and explains itself out of the box.

Run it with the Python of scripts/setup-python.sh, from anywhere, after `cargo build --release`:

    target/python/bin/python scripts/clone-models.py

It makes the market of configs/models/market.toml, lets grandmodel write its matrices, labels them with the rules
below, fits the networks with Adam in numpy (a minute or two on two cores) and writes the files with their hashes. The
same seed gives the same files on the same numpy; another BLAS may differ in the last bits, which is why files are loaded by
hash.
"""

import hashlib
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
import pyarrow.parquet as parquet

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "configs" / "models"
WORK = ROOT / "target" / "clone-models"
PROGRAM = ROOT / "target" / "release" / "grandmodel"
SEED = 20251121
# Pulls weights towards zero (AdamW): most cells of a matrix mean nothing to a rule.
DECAY = 0.05
# Of the five-minute matrices every so many is used: neighbours differ by one row.
TACTICAL_STEP = 8
CONTEXT = 9
LONG, FLAT, SHORT = 0, 1, 2

STRATEGIC = [
    "mlmi_value", "mlmi_signal", "nwrqk_value", "nwrqk_slope", "lvn_distance", "lvn_strength", "hour_sin", "hour_cos",
    "mmd_1", "mmd_2", "mmd_3", "volatility_30", "volume_profile_skew",
]
TACTICAL = [
    "fvg_bullish_active", "fvg_bearish_active", "fvg_nearest_level", "fvg_age", "fvg_mitigation_signal",
    "price_momentum_5", "volume_ratio",
]
ABOUT = {
    "mlmi": "follows the side that mlmi is on, and the synergy where it is undecided",
    "nwrqk": "follows the kernel's value and slope, and the synergy where they are undecided",
    "regime": "follows the synergy unless the distribution of returns has changed or volatility is high",
    "fvg": "follows the side of the standing fair value gaps, and the synergy where there are none",
    "momentum": "follows the five-bar momentum, and the synergy where it is small",
    "entry": "trades at the market where volume is high, at the touch else, and waits where momentum is against it",
}


# --- the rules: scores of the three outputs from the newest row and the synergy's direction ------------------------

def last(matrix, columns, name):
    """The newest row's value of a column."""
    return matrix[:, -1, columns.index(name)]


def three(score, flat):
    """Scores of long, flat, short."""
    return np.stack([score, np.broadcast_to(flat, score.shape), -score], axis=1)


def rule(agent, matrix, direction):
    """The rule's scores for a batch: matrix [n, rows, columns], direction [n] in -1, 0, 1."""
    s = lambda name: last(matrix, STRATEGIC, name)
    t = lambda name: last(matrix, TACTICAL, name)
    if agent == "mlmi":
        return three(1.0 * direction + 0.9 * s("mlmi_signal") + 0.3 * s("mlmi_value"), 0.3)
    if agent == "nwrqk":
        return three(1.0 * direction + 0.5 * s("nwrqk_value") + 0.3 * s("nwrqk_slope"), 0.3)
    if agent == "regime":
        change = (s("mmd_1") + s("mmd_2") + s("mmd_3")) / 3 + 0.5 * s("volatility_30")
        calm = np.clip(1.2 - 0.6 * change, 0.0, 2.0)
        return three(direction * calm, 0.4 + 0.4 * np.maximum(change, 0.0))
    if agent == "fvg":
        side = t("fvg_bullish_active") - t("fvg_bearish_active")
        return three(1.0 * direction + 0.7 * side + 0.4 * direction * t("fvg_mitigation_signal"), 0.3)
    if agent == "momentum":
        return three(1.0 * direction + 0.7 * t("price_momentum_5"), 0.3)
    against = np.maximum(-direction * t("price_momentum_5"), 0.0)
    aggressive = 0.2 + 0.7 * t("volume_ratio")
    return np.stack([aggressive, np.full(len(direction), 0.8), -0.6 + 0.8 * against], axis=1)


def softmax(scores):
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def teach(agent, matrix, context):
    """What the rule says: probabilities [n, 3]."""
    return softmax(1.5 * rule(agent, matrix.astype(np.float64), context[:, 8].astype(np.float64)))


def contexts(random, count):
    """Portfolio contexts as they come up: position/limit, unrealised P&L/equity, bars since entry/100, drawdown, the pattern
    one-hot, the synergy's direction."""
    context = np.zeros((count, CONTEXT), dtype=np.float32)
    held = random.random(count) < 0.4
    context[:, 0] = np.where(held, random.uniform(-1, 1, count), 0)
    context[:, 1] = np.where(held, random.normal(0, 0.01, count), 0)
    context[:, 2] = np.where(held, random.uniform(0, 0.5, count), 0)
    context[:, 3] = np.abs(random.normal(0, 0.03, count))
    asked = random.random(count) < 0.85
    pattern = random.integers(0, 4, count)
    context[asked, 4 + pattern[asked]] = 1
    context[:, 8] = np.where(asked, random.choice([-1, 1], count), 0)
    return context


# --- the networks ------------------------------------------------------------------------------------------------

def he(random, out, fan_in):
    return random.normal(0, np.sqrt(2 / fan_in), (out, fan_in)).astype(np.float32)


class Dense:
    def __init__(self, random, inputs, outputs):
        self.weight, self.bias = he(random, outputs, inputs), np.zeros(outputs, np.float32)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, slope):
        self.slopes = [slope.T @ self.x, slope.sum(axis=0)]
        return slope @ self.weight


class Conv:
    """Over time; x is [n, time, channels]; weight [out, in, width]; zeros beyond the ends."""

    def __init__(self, random, inputs, outputs, width, padding):
        self.shape, self.padding = (outputs, inputs, width), padding
        self.weight, self.bias = he(random, outputs, inputs * width), np.zeros(outputs, np.float32)

    def forward(self, x):
        width = self.shape[2]
        padded = np.pad(x, ((0, 0), (self.padding, self.padding), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
        self.windows = windows.reshape(x.shape[0], -1, self.shape[1] * width)
        self.times = x.shape[1]
        return self.windows @ self.weight.T + self.bias

    def backward(self, slope):
        flat, (_, channels, width) = slope.reshape(-1, slope.shape[2]), self.shape
        self.slopes = [flat.T @ self.windows.reshape(len(flat), -1), flat.sum(axis=0)]
        windows = (slope @ self.weight).reshape(slope.shape[0], -1, channels, width)
        padded = np.zeros((slope.shape[0], self.times + 2 * self.padding, channels), np.float32)
        for offset in range(width):
            padded[:, offset : offset + windows.shape[1]] += windows[..., offset]
        return padded[:, self.padding : self.padding + self.times]


class Relu:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, slope):
        return slope * self.on


class AveragePool:
    """Over time, to a number of spans of as equal length as can be."""

    def __init__(self, spans):
        self.spans = spans

    def forward(self, x):
        times = x.shape[1]
        ends = [(i * times // self.spans, -(-(i + 1) * times // self.spans)) for i in range(self.spans)]
        self.matrix = np.zeros((self.spans, times), np.float32)
        for span, (start, end) in enumerate(ends):
            self.matrix[span, start:end] = 1 / (end - start)
        return np.matmul(self.matrix, x)

    def backward(self, slope):
        return np.matmul(self.matrix.T, slope)


class Network:
    """Layers before and after the context joins, and their description as the files carry it."""

    def __init__(self, random, group):
        if group == "strategic":
            self.front, flat, self.size = [], 48 * 13, (48, 13)
            widths = [flat + CONTEXT, 128, 64, 32, 3]
            described = [{"kind": "flatten"}]
        else:
            self.front = [Conv(random, 7, 16, 3, 1), Relu(), Conv(random, 16, 32, 3, 1), Relu(), AveragePool(8)]
            flat, self.size = 8 * 32, (60, 7)
            widths = [flat + CONTEXT, 64, 3]
            described = [
                {"kind": "conv1d", "in": 7, "out": 16, "width": 3, "padding": 1}, {"kind": "relu"},
                {"kind": "conv1d", "in": 16, "out": 32, "width": 3, "padding": 1}, {"kind": "relu"},
                {"kind": "avg_pool", "spans": 8}, {"kind": "flatten"},
            ]
        described.append({"kind": "concat_context"})
        self.back = []
        for place, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            if place > 0:
                self.back.append(Relu())
                described.append({"kind": "relu"})
            self.back.append(Dense(random, inputs, outputs))
            described.append({"kind": "dense", "in": inputs, "out": outputs})
        described.append({"kind": "softmax"})
        self.layers = [layer for layer in self.front + self.back if hasattr(layer, "weight")]
        self.description = {
            "version": 1, "rows": self.size[0], "columns": self.size[1], "context": CONTEXT, "layers": described,
        }

    def forward(self, matrix, context):
        x = matrix
        for layer in self.front:
            x = layer.forward(x)
        self.front_shape = x.shape
        x = np.concatenate([x.reshape(len(x), -1), context], axis=1)
        for layer in self.back:
            x = layer.forward(x)
        return softmax(x)

    def backward(self, slope):
        for layer in reversed(self.back):
            slope = layer.backward(slope)
        slope = slope[:, :-CONTEXT].reshape(self.front_shape)
        for layer in reversed(self.front):
            slope = layer.backward(slope)

    def fit(self, random, matrix, teacher, epochs, batch=256, rate=1e-3):
        """Adam on the cross entropy; contexts are drawn anew each time."""
        values = [value for layer in self.layers for value in (layer.weight, layer.bias)]
        mean, square, step = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values], 0
        for epoch in range(epochs):
            order, losses = random.permutation(len(matrix)), []
            for start in range(0, len(order) - batch + 1, batch):
                rows = order[start : start + batch]
                context = contexts(random, batch)
                wanted = teacher(matrix[rows], context)
                said = self.forward(matrix[rows], context)
                losses.append(-(wanted * np.log(said + 1e-12)).sum(axis=1).mean())
                self.backward(((said - wanted) / batch).astype(np.float32))
                step += 1
                slopes = [slope for layer in self.layers for slope in layer.slopes]
                pace = np.float32(rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs)))
                for value, slope, m, s in zip(values, slopes, mean, square):
                    m += np.float32(0.1) * (slope - m)
                    s += np.float32(0.001) * (slope * slope - s)
                    scaled = (m / np.float32(1 - 0.9**step)) / (np.sqrt(s / np.float32(1 - 0.999**step)) + np.float32(1e-8))
                    value -= pace * (scaled + np.float32(DECAY) * value)
            print(f"    epoch {epoch + 1:2}: cross entropy {np.mean(losses):.4f}", flush=True)


# --- files ---------------------------------------------------------------------------------------------------------

def tensors_of(network, matrix, context):
    """What a file holds: weights by layer, and a test vector that the loader runs."""
    tensors = {}
    weighted = [n for n, layer in enumerate(network.description["layers"]) if layer["kind"] in ("conv1d", "dense")]
    for place, layer in zip(weighted, network.layers):
        weight = layer.weight.reshape(layer.shape) if isinstance(layer, Conv) else layer.weight
        tensors[f"layers.{place}.weight"], tensors[f"layers.{place}.bias"] = weight, layer.bias
    tensors["test.matrix"], tensors["test.context"] = matrix[0], context[0]
    tensors["test.output"] = network.forward(matrix, context)[0].astype(np.float32)
    return tensors


def save(path, tensors, metadata):
    """A safetensors file: the header's length, the header in JSON, the numbers."""
    header, at, data = {"__metadata__": metadata}, 0, []
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        data.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + b"".join(data)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def schema_hash(name):
    """The hash of a default matrix' feature schema, as the program states it."""
    text = subprocess.run(
        [PROGRAM, "config", "features", WORK / "matrices.toml", "--json"],
        check=True, capture_output=True, text=True,
    ).stdout
    return next(m["schema_hash"] for m in json.loads(text)["matrices"] if m["name"] == name)


# --- the data --------------------------------------------------------------------------------------------------------

def matrices():
    """The matrices of the market, [n, rows, columns] by name."""
    WORK.mkdir(parents=True, exist_ok=True)
    listed = "".join(
        f'[[matrices.list]]\nname = "{name}"\ntimeframe = "{timeframe}"\nwindow = {window}\nfeatures = {json.dumps(columns)}\n'
        for name, timeframe, window, columns in
        [("strategic", "30m", 48, STRATEGIC), ("tactical", "5m", 60, TACTICAL)]
    )
    (WORK / "matrices.toml").write_text('[run]\nstrategies = ["none"]\n[matrices]\nrecord = true\n' + listed)
    if not (WORK / "market").exists():
        subprocess.run([PROGRAM, "generate", "--config", MODELS / "market.toml", "--out", WORK / "market"], check=True)
    run = [PROGRAM, "backtest", "--config", WORK / "matrices.toml", "--data", WORK / "market", "--out", WORK / "run", "--force"]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    table = parquet.read_table(WORK / "run" / "matrices.parquet")
    found = {}
    for name, rows, columns in [("strategic", 48, len(STRATEGIC)), ("tactical", 60, len(TACTICAL))]:
        own = table.filter(np.array(table["matrix"].to_pylist()) == name)["cells"].combine_chunks()
        found[name] = own.flatten().to_numpy().reshape(len(own), rows, columns)
    return found


def main():
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} is not built; run `cargo build --release` first")
    data = matrices()
    for group, agents, epochs in [("strategic", ["mlmi", "nwrqk", "regime"], 6), ("tactical", ["fvg", "momentum", "entry"], 5)]:
        own, schema = data[group], schema_hash(group)
        own = own[:: TACTICAL_STEP if group == "tactical" else 1]
        for number, agent in enumerate(agents):
            random = np.random.default_rng([SEED, number, len(group)])
            network = Network(random, group)
            # The last tenth of the market is kept aside, to say how well the rule was cloned.
            cut = len(own) * 9 // 10
            print(f"{agent}: {cut} matrices", flush=True)
            network.fit(random, own[:cut], lambda m, c: teach(agent, m, c), epochs)
            context = contexts(random, len(own) - cut)
            wanted, said = teach(agent, own[cut:], context), network.forward(own[cut:], context)
            agrees = (wanted.argmax(axis=1) == said.argmax(axis=1)).mean()
            note = f"cloned from a rule, not trained: agrees with it on {agrees:.1%} of {len(said)} matrices held out"
            metadata = {
                "format": "grandmodel-policy", "schema_version": "1", "network": json.dumps(network.description), "agent": agent,
                "schema_hash": schema, "about": ABOUT[agent], "training": note,
            }
            digest = save(MODELS / f"{agent}.safetensors", tensors_of(network, own[-1:], context[-1:]), metadata)
            print(f"    {note}\n    {digest}", flush=True)


if __name__ == "__main__":
    main()
