"""Plans become files: every write is atomic, refuses what changed meanwhile, and comes last."""
