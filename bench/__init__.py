"""Measurements, not tests: each against a baseline of the same minute, for the machine is noisy.

    make bench                       every one, full size, on empty servers of their own
    make bench ARGS="orders --small"

A bench is a module with `run(small)`: it prints its ratio and proves that it lost nothing.
tests/test_bench.py runs each in its small size.
"""
