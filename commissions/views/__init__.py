"""Pages of the money, split by who reads them and what for."""
