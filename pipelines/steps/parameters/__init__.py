"""The life of parameter sets: calibrated, judged, approved, published, taken back."""
