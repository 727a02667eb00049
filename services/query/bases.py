"""What an index is held against: one's peers, or the population."""

from typing import Literal

#: The peer groups of an organisation.
PEERS = ("industry", "region", "city", "industry-region", "network")
#: Everybody who lives in the country, or in the asker's county.
Population = Literal["population", "population-region"]
POPULATIONS: tuple[Population, ...] = ("population", "population-region")
BASES = (*PEERS, *POPULATIONS)
#: What a population is told apart by; in one county everybody lives there.
POPULATION_BY: dict[str, tuple[tuple[str, ...], ...]] = {
    "population": (("age_band",), ("county",), ("municipality",)),
    "population-region": (("age_band",), ("municipality",)),
}
EVERYBODY = "population"


def is_population(base: str | None) -> bool:
    """Tell whether *base* is everybody, or everybody of a county (``population:46``)."""
    return base is not None and base.partition(":")[0] == EVERYBODY
