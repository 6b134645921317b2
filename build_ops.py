"""Builds csrc/ into minigrad._native with cffi (API mode, stable ABI), and is the in-tree build backend.

pyproject.toml names this file as the backend: it is setuptools.build_meta, with cffi's module added to the build.
`python build_ops.py` alone builds the extension in place, as an installation does.

Settings from the environment: CC and CFLAGS as usual; MINIGRAD_SANITIZE=1 adds AddressSanitizer and
UndefinedBehaviorSanitizer.
"""

from __future__ import annotations

import glob
import os
import platform
import shutil
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cffi import FFI
from setuptools import build_meta, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
# No -ffast-math: NaN, infinity and the order of sums matter here. -fno-wrapv against Python's own -fwrapv, with which
# GCC computes each address of a loop by itself (7 % of a product); signed integers never overflow here (sanitize.sh).
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-wrapv",
         "-fvisibility=hidden", "-pthread", "-g0", "-fno-asynchronous-unwind-tables"]
STRIP = ["-s"] if sys.platform == "linux" else []
VECTORISED = ("x86_64", "AMD64", "aarch64", "arm64")  # where the plain C kernels are only the reference: kept small
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g", "-O1"]


def declarations() -> str:
    """The C declarations of minigrad.h, which cffi reads without a preprocessor."""
    lines = (ROOT / "csrc" / "minigrad.h").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def sources(pattern: str) -> list[str]:
    return sorted(os.path.relpath(path, ROOT) for path in glob.glob(str(ROOT / "csrc" / pattern)))


def make_ffi() -> FFI:
    extra = SANITIZE if os.environ.get("MINIGRAD_SANITIZE") else []
    ffi = FFI()
    ffi.cdef(declarations())
    ffi.set_source(
        "minigrad._native",
        '#include "minigrad.h"',
        sources=sources("*.c"),
        include_dirs=["csrc"],
        depends=["build_ops.py", *sources("*.[hdi]*")],  # also what a source distribution carries besides them
        extra_compile_args=FLAGS + extra,
        extra_link_args=["-pthread", *(extra or STRIP)],
    )
    return ffi


ffi = make_ffi()


class ParallelBuild(build_ext):
    """Compiles the sources side by side, and says what to install where there is no compiler."""

    def build_extension(self, ext) -> None:
        require_compiler()
        compile_all = self.compiler.compile

        def compile_one(source, extra_postargs=(), **options):
            small = (["-Os"] if "isa_scalar" in source and platform.machine() in VECTORISED
                     else ["-O2"] if source.endswith("_f64.c") else [])
            return compile_all([source], extra_postargs=[*extra_postargs, *small], **options)

        def compile_parallel(sources, **options):
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                objects = pool.map(lambda source: compile_one(source, **options), sources)
                return [path for paths in objects for path in paths]

        self.compiler.compile = compile_parallel
        super().build_extension(ext)


def require_compiler() -> None:
    """Stop, and say what to install, where there is no C compiler or no Python.h."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    found = shutil.which(compiler) or (not os.environ.get("CC") and shutil.which("cc"))
    header = Path(sysconfig.get_path("include"), "Python.h")
    if found and header.exists():
        return
    missing = f"the header {header}" if found else f"a C compiler ({compiler!r} was not found)"
    install = "xcode-select --install" if sys.platform == "darwin" else (
        "apt install gcc libc6-dev python3-dev (Debian, Ubuntu), dnf install gcc python3-devel (Fedora), "
        "pacman -S gcc (Arch), or apk add gcc musl-dev python3-dev (Alpine)")
    raise SystemExit(f"\nminigrad needs {missing} to build its C library. Install it with: {install}\n")


class Backend(build_meta._BuildMetaBackend):
    """setuptools' own backend; where it would run setup.py, it calls setup with cffi's module."""

    def run_setup(self, setup_script: str = "setup.py") -> None:
        setup(
            cffi_modules=["build_ops.py:ffi"],
            cmdclass={"build_ext": ParallelBuild},
            options={"bdist_wheel": {"py_limited_api": "cp310"}},
        )


backend = Backend()
build_sdist = backend.build_sdist
build_wheel = backend.build_wheel
build_editable = backend.build_editable
prepare_metadata_for_build_wheel = backend.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = backend.prepare_metadata_for_build_editable
get_requires_for_build_sdist = backend.get_requires_for_build_sdist
get_requires_for_build_wheel = backend.get_requires_for_build_wheel
get_requires_for_build_editable = backend.get_requires_for_build_editable

if __name__ == "__main__":
    sys.argv[1:] = ["build_ext", "--inplace"]
    backend.run_setup()
    for old in (ROOT / "minigrad").glob("_native.cpython-*"):  # of older builds: Python would load it first
        old.unlink()
