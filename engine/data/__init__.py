"""Everything between raw rows and the batches a trainer sees: rows, buckets, quality, curriculum, tokens.

Refuses to know torch and refuses to change data silently: whatever is left out is counted, named and told.
"""
