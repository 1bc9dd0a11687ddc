"""A 618 night, played in minutes against running servers: `make season` (docs/season.md).

Real requests over HTTP: buyers open coupon pages, claim, click and order; shops report, cancel,
refund and report again; affiliates take part; operations pause and resume; Valkey is killed in the
middle. Then the clock travels, the season is closed, settled and paid, and everything is compared
with what was told to those who asked.
"""
