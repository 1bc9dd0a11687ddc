"""How other systems hear of what happened: signed webhooks, and postbacks with macros."""
