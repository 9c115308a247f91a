"""The Wikimedia EventStreams service, as sources.md §5 describes it; it knows nothing of the plugin."""
