"""The merchant's pages, by room."""
