"""What several periods, and several cuts, tell together."""

from datetime import UTC, datetime

from services.query.disclosure.model import Cell, CellKey, Margin, Rules, Standing, Why
from services.query.disclosure.protect import protect

OWN = "organisation:a"


def _own(period: str, count: int) -> Cell:
    return Cell(CellKey("customers", OWN, period, (("gender", "f"),)), count, count, {"a": count})


def test_of_one_s_own_persons_a_year_and_its_other_month_tell_little() -> None:
    # of 24 in the year 20 came in February, too: there may be 4 to 24 in January
    cells = [_own("2026-01", 4), _own("2026-02", 20), _own("2026", 24)]
    tie = Margin(cells[2].key, (cells[0].key, cells[1].key), "union")
    verdicts = protect(cells, [tie], [], Rules())
    assert [None, 20, 24] == [verdicts[one.key].value for one in cells]
    # as a sum it would be 4
    exactly = protect(cells, [Margin(tie.total, tie.parts)], [], Rules())
    assert [None, None] == [verdict.value for verdict in exactly.values() if verdict.why]
    assert {Why.TOO_FEW_PERSONS} == {verdict.why for verdict in exactly.values() if verdict.why}


def _group(scope: str, parts: dict[str, int]) -> Cell:
    key = CellKey("tickets", scope, "2026-05", (("age_band", "16-24"),))
    persons_of = {name: 2 * part for name, part in parts.items()}
    return Cell(key, sum(parts.values()), sum(persons_of.values()), parts, persons_of)


def test_what_groups_are_told_of_a_period_is_renewed_as_a_whole() -> None:
    before = {f"o{n:02}": 10 for n in range(12)}
    inside = [f"o{n:02}" for n in range(6)]
    many = before | {f"o{n:02}": 20 for n in range(6, 12)}
    at = datetime(2026, 5, 1, tzinfo=UTC)

    def cut(sold: dict[str, int]) -> list[Cell]:
        museums = {name: sold[name] for name in inside}
        return [_group("network", sold), _group("industry:museum", museums)]

    shown = [Standing(one, one.value, at) for one in cut(before)]
    network, museums = (one.key for one in cut(before))
    # the museums have not changed, and what changed beside them is of many
    alone = protect(cut(many), [], [], Rules(), shown)
    assert (180, 60) == (alone[network].value, alone[museums].value)
    # a single ticket more of one museum, and the network waits too
    both = protect(cut(many | {"o00": 11}), [], [], Rules(), shown)
    assert (120, 60) == (both[network].value, both[museums].value)
    assert {at} == {both[network].as_of, both[museums].as_of}
