"""Tests; shared builders are in `repo.py` and `build.py`."""
