"""Findings become text; nothing is decided here."""
