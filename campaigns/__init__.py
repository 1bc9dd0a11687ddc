"""What an order is worth beyond its commission: the campaigns of the season.

The room is kept, empty, until the first mechanic moves in: docs/design.md §7 says how.
"""
