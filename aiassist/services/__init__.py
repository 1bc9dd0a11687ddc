"""What is written by advisers, and by people about their advice."""
