"""Who may read which published file, how they sign in, and the record of it.

`decision` decides, and is pure; `store`, `audit` and `gateway` are the edges around it. It never
opens a snapshot.
"""
