"""What the merchant side does, split by noun. Each change writes its audit in its transaction."""
