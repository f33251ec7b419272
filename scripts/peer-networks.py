#!/usr/bin/env python3
"""Times onnxruntime and libtorch on the agents' own files: one turn of all six, batch 1, one thread, p50.

    scripts/peer-networks.py configs/models

`scripts/setup-torch.sh --python` installs both. Prints one line for each that is installed: its name with its version, and nanoseconds. The networks are rebuilt from
the files' descriptions, and their answer to each file's test vector is checked first.
"""

import json
import pathlib
import struct
import sys
import time

import numpy as np

AGENTS = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"]
TURNS = 3_000


def read(path):
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    description = json.loads(header.pop("__metadata__")["network"])
    tensors = {
        name: np.frombuffer(raw, "<f4", offset=8 + length + t["data_offsets"][0], count=int(np.prod(t["shape"]))).reshape(t["shape"])
        for name, t in header.items()
    }
    return description, tensors


def torch_model(torch, description, tensors):
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.steps = torch.nn.ModuleList()
            self.kinds = []
            for place, layer in enumerate(description["layers"]):
                kind = layer["kind"]
                if kind == "conv1d":
                    step = torch.nn.Conv1d(layer["in"], layer["out"], layer["width"], padding=layer["padding"])
                elif kind == "dense":
                    step = torch.nn.Linear(layer["in"], layer["out"])
                elif kind == "avg_pool":
                    step = torch.nn.AdaptiveAvgPool1d(layer["spans"])
                else:
                    step = {"relu": torch.nn.ReLU(), "softmax": torch.nn.Softmax(dim=1)}.get(kind, torch.nn.Identity())
                if kind in ("conv1d", "dense"):
                    step.weight.data = torch.tensor(tensors[f"layers.{place}.weight"].copy())
                    step.bias.data = torch.tensor(tensors[f"layers.{place}.bias"].copy())
                self.steps.append(step)
                self.kinds.append(kind)

        def forward(self, matrix, context):
            x = matrix.transpose(1, 2)
            for kind, step in zip(self.kinds, self.steps):
                if kind == "flatten":
                    x = x.transpose(1, 2).flatten(1)
                elif kind == "concat_context":
                    x = torch.cat([x, context], dim=1)
                else:
                    x = step(x)
            return x

    return Network().eval()


def pool_for_onnx(torch):
    """Teaches the exporter averages over spans of unequal length, which ONNX has no operator for: one product."""
    from torch.onnx import symbolic_helper

    def symbolic(graph, x, spans):
        length, count = x.type().sizes()[-1], symbolic_helper._get_const(spans, "is", "output_size")[0]
        weights = torch.nn.functional.adaptive_avg_pool1d(torch.eye(length)[None], count)[0]
        return graph.op("MatMul", x, graph.op("Constant", value_t=weights))

    torch.onnx.register_custom_op_symbolic("aten::adaptive_avg_pool1d", symbolic, 17)


def p50(run):
    for _ in range(300):
        run()
    taken = []
    for _ in range(TURNS):
        start = time.perf_counter_ns()
        run()
        taken.append(time.perf_counter_ns() - start)
    return sorted(taken)[TURNS // 2]


def main():
    files = [read(pathlib.Path(sys.argv[1]) / f"{agent}.safetensors") for agent in AGENTS]
    try:
        import torch
    except ImportError:
        sys.exit("torch is not installed; scripts/setup-torch.sh --python makes target/torch-python, which has it")
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    networks = [torch_model(torch, *file) for file in files]
    inputs = [(torch.tensor(t["test.matrix"].copy())[None], torch.tensor(t["test.context"].copy())[None]) for _, t in files]
    with torch.inference_mode():
        for network, pair, (_, tensors) in zip(networks, inputs, files):
            np.testing.assert_allclose(network(*pair)[0].numpy(), tensors["test.output"], atol=1e-5)
        scripts = [torch.jit.freeze(torch.jit.trace(network, pair)) for network, pair in zip(networks, inputs)]

        def turn():
            for script, pair in zip(scripts, inputs):
                script(*pair)

        print(f"libtorch {torch.__version__} (TorchScript, from Python)", p50(turn))
    try:
        import io

        import onnxruntime
    except ImportError:
        return
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    sessions = []
    pool_for_onnx(torch)
    for network, pair in zip(networks, inputs):
        buffer = io.BytesIO()
        torch.onnx.export(network, pair, buffer, input_names=["matrix", "context"], output_names=["out"], opset_version=17, dynamo=False)
        sessions.append(onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"]))
    feeds = [{"matrix": m.numpy(), "context": c.numpy()} for m, c in inputs]
    for session, feed, (_, tensors) in zip(sessions, feeds, files):
        np.testing.assert_allclose(session.run(None, feed)[0][0], tensors["test.output"], atol=1e-5)

    def turn_onnx():
        for session, feed in zip(sessions, feeds):
            session.run(None, feed)

    print(f"onnxruntime {onnxruntime.__version__} (from Python)", p50(turn_onnx))


if __name__ == "__main__":
    main()
