"""The Wikimedia EventStreams service, by the rules WK of plugins/RULES.md; it knows nothing of the plugin."""
