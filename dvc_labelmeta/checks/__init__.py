"""Pure functions that judge a Snapshot: rules, and the catalogue that says which are asked."""
