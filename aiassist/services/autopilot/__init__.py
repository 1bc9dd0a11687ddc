"""The autopilot's services: what a merchant signs, the night's look, and the rates that follow.

`policies` signs, pauses and stops; `nights` looks and decides; `decisions` is what people say of
it; `kept` holds the plans in which its rates lie. The decisions themselves are worked out by
`aiassist.autopilot`, which knows no database.
"""
