"""What the calls of `/api/v1/` have in common: views, words, pages, limits, errors."""
