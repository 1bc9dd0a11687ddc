"""The assistant: answers from the data that its asker may see, and leads to forms; it never acts.

`tools/` is everything that it can look up. Without a model a question is read by `intents`, and the
answer is what the tool says; with one, the model chooses tools and words, and `talk` holds it to
what they said (docs/assistant.md).
"""
