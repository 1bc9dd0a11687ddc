"""What was sold, at what rate: merchants, shops, products, plans, orders, and their feeds."""
