"""Cuts: all protected figures, computed, protected and kept as a whole."""
