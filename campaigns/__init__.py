"""What an order is worth beyond its commission: subsidies, and later the season's campaigns."""
