#!/usr/bin/env python3
"""Exports the agents' networks to TorchScript files, for the backend in strategies/torch.

    scripts/setup-torch.sh --python
    target/torch-python/bin/python scripts/export-torchscript.py configs/models target/torch/models

Rebuilds each network from its file's description and weights, traces and freezes it, loads what is to be written, and
checks the answer to the file's test vector, alone and in a batch. Puts the file it came from beside it, by which the
loader knows whose it is and for which features (agents.backend = "torch"). Prints each TorchScript file's SHA-256, as
a configuration names it. The same PyTorch gives the same bytes in the same folder: TorchScript notes where the traced
source was.
"""

import hashlib
import importlib.util
import io
import pathlib
import shutil
import sys
import warnings

import numpy as np
import torch

# As the loader allows.
DIFFERENCE_MAX = 1e-5


def peers():
    """The script beside this one that rebuilds networks; its name is not one that `import` takes."""
    place = pathlib.Path(__file__).with_name("peer-networks.py")
    spec = importlib.util.spec_from_file_location("peer_networks", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def export(network, tensors):
    """The network as the bytes of a TorchScript file, and how far that file is from the test vector."""
    pair = [torch.tensor(tensors[name].copy())[None] for name in ("test.matrix", "test.context")]
    with torch.inference_mode():
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.freeze(torch.jit.trace(network, pair)), buffer)
        written = torch.jit.load(io.BytesIO(buffer.getvalue()), map_location="cpu")
        batch = [torch.cat([torch.zeros_like(part), part, part]) for part in pair]
        answers = [written(*pair)[0], *written(*batch)[1:]]
    difference = max(float(np.abs(answer.numpy() - tensors["test.output"]).max()) for answer in answers)
    return buffer.getvalue(), difference


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: scripts/export-torchscript.py MODELS OUT")
    source, out = map(pathlib.Path, sys.argv[1:])
    # PyTorch recommends other formats than TorchScript; libtorch without Python loads this one.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    shared = peers()
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for agent in shared.AGENTS:
        description, tensors = shared.read(source / f"{agent}.safetensors")
        script, difference = export(shared.torch_model(torch, description, tensors), tensors)
        if not difference <= DIFFERENCE_MAX:
            sys.exit(f"{agent} in TorchScript differs from its test vector by {difference:e}, more than {DIFFERENCE_MAX}")
        path = out / f"{agent}.pt"
        path.write_bytes(script)
        if not source.samefile(out):
            shutil.copyfile(source / f"{agent}.safetensors", path.with_suffix(".safetensors"))
        print(hashlib.sha256(script).hexdigest(), path, f"(test vector to within {difference:.1e})")


if __name__ == "__main__":
    main()
