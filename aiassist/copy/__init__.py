"""Promotional texts."""
