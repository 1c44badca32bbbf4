"""Numbers from counts: agreement, calibration, uncertainty. Pure: nothing is read here."""
