"""The outside world becomes values: files, Git and DVC are read here, and judged nowhere here."""
