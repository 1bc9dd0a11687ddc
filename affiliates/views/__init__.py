"""The affiliate's pages, by room."""
