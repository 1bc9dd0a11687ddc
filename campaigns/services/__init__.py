"""What campaigns do, by noun."""
