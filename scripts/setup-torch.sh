#!/usr/bin/env bash
# Makes target/torch: libtorch for the processor, for the backend in strategies/torch. Nothing else here needs it.
#
#   scripts/setup-torch.sh            prints the line to export
#   scripts/setup-torch.sh --python   also makes target/torch-python, 5 GB: PyTorch and onnxruntime, for
#                                     scripts/export-torchscript.py and scripts/peer-networks.py
#
# What is downloaded, 540 MB, is what PyTorch itself publishes for Python 3.11 on Linux; of the package's 1.1 GB, the
# 500 MB stay that a program without Python and without a graphics card needs. `tch` wants exactly this version.
# Needs Python 3 with pip and, for --python, venv.
set -euo pipefail
cd "$(dirname "$0")/.."
version=2.13.0
case "${1:-}" in
  "" | --python) ;;
  *) echo "usage: scripts/setup-torch.sh [--python]" >&2; exit 2 ;;
esac
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "this installs for x86_64 Linux only; elsewhere unpack libtorch $version and export LIBTORCH yourself" >&2
  exit 1
fi
root=target/torch
wheels=$root/wheels
mkdir -p "$wheels"

# libtorch_cpu.so of this package asks for CUDA's runtime and profiler, though nothing of them is called.
download() {
  cat > "$wheels/wanted" <<'WANTED'
torch==2.13.0 --hash=sha256:60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7
nvidia-cuda-runtime==13.0.96 --hash=sha256:7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548
nvidia-cuda-cupti==13.0.85 --hash=sha256:4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8
WANTED
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --python-version 3.11 --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux_2_17_x86_64 --dest "$wheels" --requirement "$wheels/wanted"
}

# What is kept: headers, the four libraries that a program is linked with and loads, and the licences.
unpack() {
  python3 - "$wheels" "$1" <<'UNPACK'
import pathlib, sys, zipfile

KEPT = ("torch/include/", "torch-2.13.0.dist-info/licenses/")
LIBRARIES = {f"torch/lib/{name}" for name in ("libc10.so", "libtorch.so", "libtorch_cpu.so", "libgomp.so.1")}
LIBRARIES |= {f"nvidia/cu13/lib/{name}" for name in ("libcudart.so.13", "libcupti.so.13")}
for wheel in sorted(pathlib.Path(sys.argv[1]).glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name in LIBRARIES or name.startswith(KEPT)]
        archive.extractall(sys.argv[2], names)
missing = [name for name in sorted(LIBRARIES) if not (pathlib.Path(sys.argv[2]) / name).exists()]
if missing:
    sys.exit(f"the packages in {sys.argv[1]} lack {', '.join(missing)}")
UNPACK
}

if [ "$(cat "$root/libtorch/torch/build-version" 2>/dev/null)" != "$version" ]; then
  download
  rm -rf "$root/unpacking" "$root/libtorch"
  unpack "$root/unpacking"
  # By this file the build knows the version.
  echo "$version" > "$root/unpacking/torch/build-version"
  mv "$root/unpacking" "$root/libtorch"
fi

if [ "${1:-}" = --python ]; then
  venv=target/torch-python
  want="torch==$version numpy onnx onnxruntime"
  if [ "$(cat "$venv/installed" 2>/dev/null)" != "$want" ]; then
    python3 -m venv "$venv"
    # shellcheck disable=SC2086  # a list of names
    "$venv/bin/pip" install --quiet --disable-pip-version-check --find-links "$wheels" $want
    echo "$want" > "$venv/installed"
  fi
fi

echo "export LIBTORCH=$PWD/$root/libtorch/torch"
