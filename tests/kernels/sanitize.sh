#!/usr/bin/env bash
# Builds the C library with AddressSanitizer and UndefinedBehaviorSanitizer, in a copy of the tree, and runs the kernel
# tests on it, thinned out. Needs gcc. Arguments go to pytest; PYTHON names the interpreter.
set -euo pipefail

python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

mkdir "$copy/tests"
cp -r "$root"/{build_ops.py,pyproject.toml,csrc,minigrad} "$copy"
cp -r "$root/tests/kernels" "$copy/tests"
rm -f "$copy"/minigrad/_native.*

cd "$copy"
echo "building with sanitizers"
CC=gcc MINIGRAD_SANITIZE=1 "$python" build_ops.py > build.log 2>&1 || { cat build.log; exit 1; }

export LD_PRELOAD ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONPATH=$copy MINIGRAD_THIN_TESTS=1
LD_PRELOAD=$(gcc -print-file-name=libasan.so)
"$python" - "$copy" <<'CHECK'
import sys
import minigrad._native as native
assert native.__file__.startswith(sys.argv[1]), f"would test {native.__file__}, not the sanitized build"
assert b"__asan_init" in open(native.__file__, "rb").read(), "the build is not sanitized"
CHECK
"$python" -m pytest -q -p no:cacheprovider tests/kernels --ignore tests/kernels/test_neon.py "$@"
