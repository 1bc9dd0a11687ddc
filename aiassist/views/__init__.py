"""The advisers' pages, split by noun."""
