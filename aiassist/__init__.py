"""Advice: matching, copy, the autopilot. Reads everything, and nothing imports it.

So far the models of matching, on no page yet: docs/design.md §2 says how the others move in.
"""
