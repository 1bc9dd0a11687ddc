"""Who brought the buyer: affiliates, their links, touches, and attribution."""
