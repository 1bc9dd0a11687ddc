"""The REST calls whose outcome is an order, a commission or money (docs/api.md)."""
