"""The rules on small tables that can be followed by hand."""

from datetime import UTC, date, datetime

import pytest

from services.query.disclosure.membership import scopes_of
from services.query.disclosure.model import (
    Cell,
    CellKey,
    Margin,
    Membership,
    Organisation,
    Rule,
    Rules,
    Standing,
    Why,
)
from services.query.disclosure.protect import protect
from services.query.disclosure.rounding import share, significant

SCOPE = "industry:museum"


def cell(parts: list[int], scope: str = SCOPE, persons: int = 1_000) -> Cell:
    named = {f"o{i}": part for i, part in enumerate(parts)}
    each = {o: persons // len(parts) for o in named}
    return Cell(CellKey("tickets", scope, "2026-05"), sum(parts), persons, named, each)


def why(one: Cell, owners: str = "abcdefgh", rules: Rules | None = None) -> Why | None:
    members = [Organisation(f"o{i}", owner) for i, owner in enumerate(owners)]
    return protect([one], [], members, rules or Rules())[one.key].why


def segments(*counts: int) -> dict[str, int | None]:
    total = CellKey("customers", "organisation:a", "2026")
    keys = [
        CellKey("customers", "organisation:a", "2026", (("segment", str(i)),))
        for i in range(len(counts))
    ]
    every = [(total, sum(counts)), *zip(keys, counts, strict=True)]
    cells = [Cell(key, n, n, {"a": n}) for key, n in every if n]
    verdicts = protect(cells, [Margin(total, tuple(keys))], [], Rules())
    assert verdicts[total].value == sum(counts)
    return {k.by[0][1]: verdicts[k].value for k in keys if k in verdicts}


def test_withholds_two_real_tables_small_cells_and_what_would_reveal_them() -> None:
    # 1 and 1 are fewer than five, and so are both together: the next smallest hides them
    shown = segments(16, 33, 6, 7, 1, 6, 9, 1)
    assert {"0": 16, "1": 33, "3": 7, "6": 9} == {
        k: v for k, v in shown.items() if v is not None and k not in "25"
    }
    assert [None, None] == [shown["4"], shown["7"]]
    assert 1 == [shown["2"], shown["5"]].count(None)
    # 4, 2 and 2 hide each other; 0 is no cell
    assert {"0": 14, "1": 15, "2": None, "3": None, "5": None, "6": 11} == segments(
        14, 15, 4, 2, 0, 2, 11, 0
    )


@pytest.mark.parametrize(
    ("parts", "owners", "expected"),
    [
        ([10, 10, 10, 10, 10, 10], "abcdef", None),
        ([10, 10, 10, 10], "abcd", Why.TOO_FEW_ORGANISATIONS),
        ([10, 10, 10, 10, 10], "aaabc", Why.TOO_FEW_ORGANISATIONS),
        ([10, 10, 10, 10, 10, 10], "aabbcc", Why.TOO_FEW_ORGANISATIONS),
        ([70, 10, 10, 10, 10, 10], "abcdef", Why.DOMINANCE),
        ([40, 25, 20, 8, 7], "abcde", Why.DOMINANCE),
    ],
)
def test_judges_organisations_by_their_owners(
    parts: list[int], owners: str, expected: Why | None
) -> None:
    assert expected is why(cell(parts), owners)


def test_lets_nobody_find_few_persons_by_subtracting_its_own() -> None:
    assert why(cell([10] * 6, persons=30)) is None
    crowded = Cell(
        CellKey("tickets", SCOPE, "2026-05"),
        60,
        30,
        {f"o{i}": 10 for i in range(6)},
        {"o0": 26, "o1": 1, "o2": 1, "o3": 1, "o4": 1, "o5": 1},
    )
    assert Why.TOO_FEW_PERSONS is why(crowded)


def test_two_together_estimate_the_largest_where_p_percent_is_off() -> None:
    # with the default shares dominance alone implies it: the rule is for looser ones
    loose = Rules(largest=0.9, two_largest=0.995)
    one = cell([100, 60, 40, 2, 1])
    assert Why.DOMINANCE is why(one, rules=loose)
    without = Rules(largest=0.9, two_largest=0.995, off=frozenset({Rule.P_PERCENT}))
    verdict = protect([one], [], [], without)[one.key]
    assert verdict.value is not None
    assert verdict.value - 60 - 40 < 1.1 * 100


def test_owners_together_know_the_third_where_owners_are_not_counted() -> None:
    one = cell([10, 10, 10, 10, 10, 10])
    assert Why.TOO_FEW_ORGANISATIONS is why(one, "aabbcc")
    on = Rules(largest=0.9, two_largest=1.0, together=1)
    assert Why.TOO_FEW_ORGANISATIONS is why(one, "aabbcc", on)
    off = Rules(largest=0.9, two_largest=1.0, together=1, off=frozenset({Rule.OWNERS}))
    assert why(one, "aabbcc", off) is None  # 60 - 20 - 20 is what c sold


def test_keeps_a_value_whose_change_is_of_few() -> None:
    old = cell([10] * 6, "network", 100)
    shown = Standing(old, 60, datetime(2026, 5, 1, tzinfo=UTC))
    new = Cell(old.key, 61, 101, old.parts | {"o0": 11}, old.persons_of, touched=1)
    verdict = protect([new], [], [], Rules(), [shown])[new.key]
    assert (60, True, shown.as_of) == (verdict.value, verdict.stands, verdict.as_of)
    off = protect([new], [], [], Rules(off=frozenset({Rule.TIME})), [shown])[new.key]
    assert (61, False) == (off.value, off.stands)


def test_replaces_a_value_whose_change_is_of_many() -> None:
    old = cell([10] * 6, "network", 100)
    new = Cell(old.key, 120, 200, dict.fromkeys(old.parts, 20), old.persons_of, touched=100)
    shown = Standing(old, 60, datetime(2026, 5, 1, tzinfo=UTC))
    assert 120 == protect([new], [], [], Rules(), [shown])[new.key].value


def test_withholds_linked_figures_together_or_the_third_is_their_difference() -> None:
    def at(measure: str, parts: list[int], persons: int) -> Cell:
        one = cell(parts, persons=persons)
        return Cell(CellKey(measure, SCOPE, "2026-05"), one.value, persons, one.parts, {})

    cells = [at("tickets", [10] * 6, 40), at("net", [9] * 6, 40), at("refunded", [1] * 6, 3)]
    tie = Margin(cells[0].key, (cells[1].key, cells[2].key), "linked")
    together = protect(cells, [tie], [], Rules())
    assert all(verdict.value is None for verdict in together.values())
    apart = protect(cells, [tie], [], Rules(off=frozenset({Rule.LINKED})))
    assert [60, 54, None] == [apart[one.key].value for one in cells]  # 60 - 54 is 6


def test_two_groups_do_not_cut_out_a_third_that_is_too_thin() -> None:
    cells = [cell([10] * 7, "network"), cell([10] * 6)]
    shown = protect(cells, [], [], Rules())
    # the wider one stays: who is not in the other may know it, as the network without itself
    assert [70, None] == [shown[one.key].value for one in cells]
    off = protect(cells, [], [], Rules(off=frozenset({Rule.GROUPS})))
    assert [70, 60] == [off[one.key].value for one in cells]  # 70 - 60 is one organisation


def test_without_complements_a_small_cell_is_the_difference() -> None:
    total = CellKey("customers", "organisation:a", "2026")
    keys = [CellKey(*("customers", "organisation:a", "2026"), (("gender", g),)) for g in "fm"]
    cells = [Cell(k, n, n, {"a": n}) for k, n in zip([total, *keys], (23, 20, 3), strict=True)]
    tie = [Margin(total, tuple(keys))]
    off = protect(cells, tie, [], Rules(off=frozenset({Rule.COMPLEMENTS})))
    assert [23, 20, None] == [off[one.key].value for one in cells]  # 23 - 20 is 3
    on = protect(cells, tie, [], Rules())
    assert sum(on[one.key].value is not None for one in cells) < 2


def test_names_the_next_wider_group() -> None:
    thin = cell([10] * 3, "city:0301")
    verdicts = protect([thin, cell([10] * 6, "network")], [], [], Rules())
    assert "network" == verdicts[thin.key].instead


def test_a_change_of_membership_holds_from_the_next_month() -> None:
    moved = Organisation(
        "f",
        "f",
        (
            Membership("industry:museum", until=date(2026, 3, 14)),
            Membership("industry:kino", since=date(2026, 3, 15)),
        ),
    )
    months = [date(2026, m, 1) for m in (1, 2, 3, 4)]
    by_date = [scopes_of(moved, day, Rules()) for day in months]
    assert [{"industry:museum"}] * 3 + [{"industry:kino"}] == by_date
    # without the rule a year computed anew has all of it, while the months that were shown have
    # none: their difference is what one organisation sold
    off = Rules(off=frozenset({Rule.MEMBERSHIP}))
    assert [{"industry:kino"}] * 4 == [scopes_of(moved, day, off) for day in months]


def test_rounds_money_of_groups_and_shares_of_few() -> None:
    assert [12_300, 99, -12_400, 0] == [significant(n, 3) for n in (12_345, 99, -12_351, 0)]
    assert (0.33, None) == (share(1, 3, Rules()), share(1, 0, Rules()))
    assert 0.3335 == share(667, 2_000, Rules())


def test_nothing_new_beside_what_stands_tells_its_change() -> None:
    def at(period: str, each: int, persons: int) -> Cell:
        one = cell([each] * 6, "network", persons)
        return Cell(CellKey("tickets", "network", period), one.value, persons, one.parts, {})

    sold = {"2026-01": 20, "2026-02": 30}
    old = at("2026-01", 20, 200)
    new = {name: at(name, each, 200) for name, each in sold.items()}
    # one more ticket in January than was shown; February and the year are new
    january = Cell(old.key, old.value + 1, 201, old.parts | {"o0": 21}, {})
    year = Cell(CellKey("tickets", "network", "2026"), 301, 401, at("2026", 50, 401).parts, {})
    year = Cell(year.key, 301, 401, year.parts | {"o0": 51}, {})
    tie = Margin(year.key, (old.key, new["2026-02"].key))
    shown = Standing(old, old.value, datetime(2026, 2, 1, tzinfo=UTC))
    cells = [january, new["2026-02"], year]
    verdicts = protect(cells, [tie], [], Rules(), [shown])
    assert (120, True) == (verdicts[old.key].value, verdicts[old.key].stands)
    # 301 - 180 is 121
    assert None in (verdicts[year.key].value, verdicts[new["2026-02"].key].value)


def test_who_moved_within_a_period_is_not_what_two_groups_differ_by() -> None:
    city, both = cell([10] * 8, "city:0301"), cell([10] * 7 + [4], "industry-region:museum/03")
    verdicts = protect([city, both], [], [], Rules())
    assert None in [verdicts[one.key].value for one in (city, both)]  # 80 - 74 is one's first half


def test_a_shorter_period_within_another_leaves_a_rest_that_must_pass() -> None:
    months = [f"2026-{n:02}" for n in (1, 2, 3, 4)]

    def at(period: str, each: int, persons: int) -> Cell:
        one = cell([each] * 6, "network", persons)
        return Cell(CellKey("tickets", "network", period), one.value, persons, one.parts, {})

    def sums(period: str, parts: list[str]) -> Margin:
        keys = [CellKey("tickets", "network", name) for name in (period, *parts)]
        return Margin(keys[0], tuple(keys[1:]))

    year, middle = at("2026", 22, 68), at("middle", 20, 64)
    outer, inner = (1, 2), (10, 32)
    cells = [year, middle, at("first", 11, 34), at("second", 11, 34)]
    cells += [at(m, *n) for m, n in zip(months, (outer, inner, inner, outer), strict=True)]
    made = [
        sums("2026", ["first", "second"]),
        sums("first", months[:2]),
        sums("second", months[2:]),
        sums("middle", months[1:3]),
    ]
    off = frozenset({Rule.SOLVER})  # which sees that no month is bounded, and not that both are few
    verdicts = protect(cells, made, [], Rules(off=off))
    assert None in [verdicts[one.key].value for one in (year, middle)]  # 132 - 120: four persons


def test_what_is_left_hides_a_value_from_nobody_s_knowledge_too() -> None:
    def at(by: str, parts: list[int], persons: int = 1_000) -> Cell:
        one = cell(parts, persons=persons)
        told = (("age_band", by),) if by else ()
        key = CellKey("tickets", SCOPE, "2026-05", told)
        return Cell(key, one.value, persons, one.parts, one.persons_of)

    # few persons bought the first 190; two sold 100 of them, so that 9 hide what is left, not all
    few, small = at("a", [50, 50, 30, 20, 20, 20], 6), at("b", [3, 1, 3, 2, 2, 2])
    large = at("c", [50] * 6)
    total = at("", [103, 101, 83, 72, 72, 72])
    tie = Margin(total.key, (few.key, small.key, large.key))
    verdicts = protect([total, few, small, large], [tie], [], Rules(off=frozenset({Rule.SOLVER})))
    assert verdicts[few.key].why is Why.TOO_FEW_PERSONS
    assert None in (verdicts[total.key].value, verdicts[large.key].value)
