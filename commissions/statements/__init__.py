"""Statements that an affiliate or a merchant can verify without us (docs/statements.md).

`canonical` is the text and its chain of hashes, `keys` the signature, `affiliate_rows` and
`merchant_rows` what the books say, `waterfall` the same told in steps, `pdf` the paper.
"""
