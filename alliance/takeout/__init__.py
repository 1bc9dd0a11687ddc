"""All that the alliance keeps of an affiliate or a merchant, to take away (docs/takeout.md)."""
