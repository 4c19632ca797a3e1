"""Attacks that take too long for the suite: bounded, with a seed, started by hand or by `make torture`."""
