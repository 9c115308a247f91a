"""A service of no kind in particular: items as JSON pages, events, tokens."""
