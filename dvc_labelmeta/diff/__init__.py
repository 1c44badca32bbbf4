"""What changed between two versions of a guideline, and what that asks for; pure."""
