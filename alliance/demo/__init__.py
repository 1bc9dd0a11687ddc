"""The demo's own content: shops, products, pictures, people and a year of shopping.

Everything here is made up by this project, and everything is deterministic: the same call gives
the same answer on every machine and every Python, so that two people who run the demo talk about
the same alliance.
"""
