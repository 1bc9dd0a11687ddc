"""Realistic bugs, planted one at a time; the suite has to catch each.

    python -m tests.mutants [NAME …] [--workers 2]

Each bug replaces an exact text of the sources in a copy of the tree. The tests named beside it run
there until the first one fails. Without names every bug is planted, and docs/mutants.md written
anew.
A bug that nothing catches is a missing test; a text that is not there exactly once, an error
(tests/guards/test_mutants.py sees that without running anything).
"""
