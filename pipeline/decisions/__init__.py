"""Turn probabilities into labels: calibration and thresholds."""
