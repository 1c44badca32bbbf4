"""Real histories, replayed: what the tool says is held against what the logs say."""
