"""The parts of *Nå* that move."""
