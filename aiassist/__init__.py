"""Advice: matching, copy, the autopilot. Reads everything, and nothing imports it.

The room is kept, empty, until the first adviser moves in: docs/design.md §2 says how.
"""
