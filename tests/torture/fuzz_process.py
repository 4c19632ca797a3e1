"""The process that `fuzz` starts to read mutants: ``python -m tests.torture.fuzz_process``."""

from __future__ import annotations

from .fuzz import serve

if __name__ == "__main__":
    serve()
