"""The digest: who hears of what, why, in which words, and how it reaches them.

`matching` decides and explains, `changes` says what is different since, `composing` makes a
`Digest`, `rendering` writes it as HTML and text, `mail` makes the message and `outbox` or `smtp`
hands it over. `crawler.jobs` brings these together with the store.
"""
