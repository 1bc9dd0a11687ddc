"""The alliance on one machine with nothing installed: servers out of wheels, and who watches them.

`bootstrap.py` makes the virtual environment (standard library only, run as a file); `python -m
alliance.embedded demo | test | run` starts PostgreSQL, Valkey and what needs them, and stops every
process it started, however it ends. Nothing here is used in production.
"""
