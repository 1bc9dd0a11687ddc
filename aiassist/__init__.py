"""Advice: matching, copy, the autopilot. Reads everything, and nothing imports it.

So far products are matched to affiliates (docs/matching.md); docs/design.md §2 says how the others
move in.
"""
