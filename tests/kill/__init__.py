"""Pulling the plug: the real web server, worker, PostgreSQL and Valkey, killed at random moments.

    python -m tests.kill --rounds 10 --seed 0

Each round is a month of trade. Shops report orders and refunds to the API, the worker prices them,
somebody at the desk settles the month, withdraws, releases, and the money leaves by a wallet that
keeps a book of its own. Meanwhile one after the other is killed and started again. Then everything
is left to come to rest, and the books verify, nothing was paid twice, and whatever was acknowledged
is there.
"""
