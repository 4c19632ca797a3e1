"""Benchmarks: scripts that measure and print; pytest only checks that they still run."""
