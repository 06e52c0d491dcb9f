#!/usr/bin/env bash
# Builds olstm and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release
cmake --build --preset release
ctest --preset release -j "$(nproc)"
