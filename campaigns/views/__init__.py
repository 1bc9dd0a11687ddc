"""The pages of campaigns, by room."""
