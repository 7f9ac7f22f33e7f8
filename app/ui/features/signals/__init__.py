"""Filter, calibration and derived signals."""
