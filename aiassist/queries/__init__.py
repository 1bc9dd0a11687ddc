"""What the advisers look up."""
