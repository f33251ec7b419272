"""Recomputes the answers of model files with numpy, from the files alone, in double precision.

usage: oracle.py FOLDER

For each NAME.safetensors in the folder, NAME.matrices, NAME.contexts and NAME.answers hold float32 numbers:
observations, and what the program answered. Convolutions are computed as PyTorch defines them, over [channel, time],
so that this also checks the order of the weights and of flatten.
"""

import json
import pathlib
import struct
import sys

import numpy as np

TOLERANCE = 1e-6


def read_model(path):
    """The network's description and the tensors, without any library for the format."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    data = raw[8 + length :]
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, tensor in header.items():
        assert tensor["dtype"] == "F32", name
        start, end = tensor["data_offsets"]
        tensors[name] = np.frombuffer(data[start:end], "<f4").reshape(tensor["shape"]).astype(np.float64)
    return json.loads(metadata["network"]), tensors


def conv1d(x, weight, bias, padding):
    """x is [batch, channel, time], weight [out, in, width]."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2], axis=2)
    return np.einsum("bctk,ock->bot", windows, weight) + bias[None, :, None]


def avg_pool(x, spans):
    time = x.shape[2]
    starts = [s * time // spans for s in range(spans)]
    ends = [-(-(s + 1) * time // spans) for s in range(spans)]
    return np.stack([x[:, :, a:b].mean(axis=2) for a, b in zip(starts, ends)], axis=2)


def forward(network, tensors, matrices, contexts):
    x = matrices.transpose(0, 2, 1)
    for i, layer in enumerate(network["layers"]):
        kind = layer["kind"]
        if kind == "conv1d":
            x = conv1d(x, tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"], layer["padding"])
        elif kind == "relu":
            x = np.maximum(x, 0)
        elif kind == "avg_pool":
            x = avg_pool(x, layer["spans"])
        elif kind == "flatten":
            x = x.transpose(0, 2, 1).reshape(len(x), -1)
        elif kind == "concat_context":
            x = np.concatenate([x, contexts], axis=1)
        elif kind == "dense":
            x = x @ tensors[f"layers.{i}.weight"].T + tensors[f"layers.{i}.bias"]
        elif kind == "softmax":
            x = np.exp(x - x.max(axis=1, keepdims=True))
            x /= x.sum(axis=1, keepdims=True)
        else:
            raise ValueError(kind)
    return x


def floats(path, *shape):
    return np.fromfile(path, "<f4").reshape(*shape).astype(np.float64)


def main():
    folder = pathlib.Path(sys.argv[1])
    networks, observations, worst = 0, 0, 0.0
    for path in sorted(folder.glob("*.safetensors")):
        network, tensors = read_model(path)
        matrices = floats(path.with_suffix(".matrices"), -1, network["rows"], network["columns"])
        contexts = floats(path.with_suffix(".contexts"), len(matrices), network["context"])
        found = floats(path.with_suffix(".answers"), len(matrices), -1)
        difference = np.abs(forward(network, tensors, matrices, contexts) - found).max()
        assert difference <= TOLERANCE, f"{path.name}: differs by {difference}"
        vector = forward(network, tensors, tensors["test.matrix"][None], tensors["test.context"][None])
        assert np.abs(vector - tensors["test.output"]).max() <= TOLERANCE, f"{path.name}: test vector"
        networks, observations, worst = networks + 1, observations + len(matrices), max(worst, difference)
    print(f"{networks} networks, {observations} observations: largest difference {worst:.1e}")


main()
