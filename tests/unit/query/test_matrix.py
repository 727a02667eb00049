"""The matrix is whole, and a question outside it is told what is inside."""

from datetime import date

import pytest
from msgspec.structs import replace

from kudos.register import Organisation
from services.query.cuts.benchmarks import benchmark
from services.query.cuts.calendar import around
from services.query.cuts.members import FIRST, LAST, Member, follow, spans
from services.query.cuts.shared import groups_of, judge, stands
from services.query.disclosure.model import Rules
from services.query.matrix import MATRIX, Row, near, row_of, validate
from services.query.vocabulary import VOCABULARY


@pytest.mark.parametrize(
    "wrong",
    [
        {"measures": ("shoes",)},
        {"scopes": ("planet",)},
        {"periods": ("decade",)},
        {"by": (("shoe_size",),)},
        {"by": (("gender", "age_band"),)},
        {"name": {"nb": "x"}},
        {"kind": "live", "by": (("gender",),), "scopes": ("organisation",)},
        {"kind": "live", "by": ((),)},
    ],
)
def test_a_row_that_is_wrong_is_not_taken(wrong: dict[str, object]) -> None:
    good = next(row for row in MATRIX if row.id == "groups_by")
    validate([good])
    with pytest.raises(ValueError, match="groups_by"):
        validate([replace(good, **wrong)])
    with pytest.raises(ValueError, match="twice"):
        validate([good, good])


def test_what_is_of_others_or_personal_is_published_and_never_by_place_or_play() -> None:
    for row in MATRIX:
        own = {"venue", "production", "ticket_type"} & {b for by in row.by for b in by}
        if own:
            assert ("live", ("organisation",)) == (row.kind, row.scopes)
    assert {"nb", "en"} == VOCABULARY["segment"].definition.keys()


def test_one_change_of_a_question_outside_makes_it_one() -> None:
    asked = ("tickets", "network", "month", ("venue",))
    assert row_of(*asked) is None
    may = near(*asked)
    assert [] == may["measures"]
    assert ["organisation:<one's own>"] == may["scopes"]
    assert "channel" in may["breakdowns"]
    found: Row | None = row_of("tickets", "network", "month", ("channel",))
    assert found is not None
    assert "published" == found.kind


def house(name: str, industry: str = "museum", city: str = "4601") -> Organisation:
    return Organisation(name, name, industry, city[:2], name, city)  # type: ignore[arg-type]  # an industry


def test_a_change_of_the_register_counts_from_the_next_month() -> None:
    known = follow([], {"a": house("a"), "b": house("b")}, date(2026, 5, 17))
    assert {FIRST} == {m.since for m in known}
    moved = follow(known, {"a": house("a", "kino")}, date(2026, 5, 17))
    june = date(2026, 6, 1)
    assert [("a", june, False), ("b", june, True)] == [
        (m.organisation, m.since, m.gone) for m in moved
    ]
    back = {m.organisation: m for m in follow([*known, *moved], {"a": house("a")}, june)}
    assert date(2026, 7, 1) == back["a"].since
    held = [(s.member.organisation, s.member.industry, s.until) for s in spans([*known, *moved])]
    before = date(2026, 5, 31)
    assert [("a", "museum", before), ("a", "kino", LAST), ("b", "museum", before)] == held
    assert [] == follow([Member("a", FIRST, "museum", "4601", "a")], {"a": house("a")}, june)


def test_periods_hold_what_is_in_them() -> None:
    assert ("2026-Q2",) == around("2026-05", "quarter")
    assert ("season-2025",) == around("2026-07", "season")
    assert ("2026-W20",) == around("2026-05-17", "week")
    windows = around("2026-05", "rolling")
    assert ("rolling-365@2026-05-31", "rolling-365@2027-04-30") == (windows[0], windows[-1])
    # 2024 has a day more, so that a window of 365 begins on 2 June
    assert "rolling-365@2024-05-31" in around("2023-06", "rolling")
    assert 12 == len(windows)


def own(values: list[int], persons: int = 9) -> dict[str, dict[str, int]]:
    return {f"h{n}": {"tickets": v, "persons": persons} for n, v in enumerate(values)}


def test_a_median_is_of_five_and_quarters_of_ten_and_nobodys_own() -> None:
    about = ("network", "2026", "tickets")
    assert "too_few_organisations" == benchmark(about, own([1, 2, 3, 4]), {}, Rules()).why
    five = benchmark(about, own([10, 20, 70, 80, 90]), {}, Rules())
    assert (56.7,) == five.quartiles
    ten = benchmark(about, own(list(range(10, 110, 10))), {}, Rules())
    assert 3 == len(ten.quartiles)
    few = benchmark(about, own([1, 2, 3, 4, 5], persons=4), {}, Rules())
    assert (0, ()) == (few.organisations, few.quartiles)
    one = dict.fromkeys(own([1] * 5), "the same owner")
    assert "too_few_organisations" == benchmark(about, own([1] * 5), one, Rules()).why


HOUSES = dict.fromkeys("abcdefg", ("museum", "46"))


def counts(shared: dict[str, int], group: int) -> dict[str, tuple[int, int, list[str]]]:
    found: dict[str, tuple[int, int, list[str]]] = {"": (100, 0, [])}
    found |= {f"organisation:{n}": (many, 100, [n]) for n, many in shared.items()}
    hidden = [n for n in shared if n != "b"]
    found["others:"] = (group, 0, hidden)
    found["industry:museum"] = (group, 0, list(shared))
    return found


def test_a_pair_is_seen_where_both_agreed_and_nobody_stands_alone() -> None:
    owners = {n: n for n in HOUSES}
    told = counts({"b": 20, "c": 10, "d": 10, "e": 10, "f": 10}, 50)
    seen = judge("a", told, agreed={"a", "b"}, owners=owners, rules=Rules())
    assert [("b", 20)] == [(s.name, s.shared) for s in seen if s.kind == "organisation"]
    assert {50} == {s.shared for s in seen if s.kind != "organisation"}
    for shared, theirs in ((4, 100), (96, 100), (20, 24)):
        told["organisation:b"] = (shared, theirs, ["b"])
        [b, *_] = judge("a", told, agreed={"a", "b"}, owners=owners, rules=Rules())
        assert (None, "too_few_persons") == (b.shared, b.why)
    alone = judge("a", told, agreed={"b"}, owners=owners, rules=Rules())
    assert not [s for s in alone if s.kind == "organisation"]
    assert ("c", "a", "others:") in groups_of(HOUSES, {"a", "b"})
    assert ("b", "a", "others:") not in groups_of(HOUSES, {"a", "b"})


def test_a_group_that_tells_of_one_is_withheld() -> None:
    owners = {n: n for n in HOUSES}
    few = counts({"b": 20, "c": 10, "d": 10, "e": 10}, 40)
    large = counts({"b": 20, "c": 70, "d": 5, "e": 5, "f": 5}, 80)
    for told, why in ((few, "too_few_organisations"), (large, "dominance")):
        seen = judge("a", told, agreed={"a", "b"}, owners=owners, rules=Rules())
        # with b known, what is left of the industry would be the others
        assert {why} == {s.why for s in seen if s.kind != "organisation"}
    one = dict.fromkeys(HOUSES, "one")
    told = counts({"b": 20, "c": 10, "d": 10, "e": 10, "f": 10}, 50)
    seen = judge("a", told, agreed={"a", "b"}, owners=one, rules=Rules())
    assert {"too_few_organisations"} == {s.why for s in seen if s.kind != "organisation"}


def test_a_common_number_that_changed_by_a_few_stands() -> None:
    owners = {n: n for n in HOUSES}

    def seen(many: int) -> list[int | None]:
        told = counts({"b": many}, 0)
        now = judge("a", told, agreed={"a", "b"}, owners=owners, rules=Rules())
        before = judge("a", counts({"b": 20}, 0), agreed={"a", "b"}, owners=owners, rules=Rules())
        return [s.shared for s in stands(before, now, 5) if s.kind == "organisation"]

    assert ([20], [20], [25], [None]) == (seen(20), seen(24), seen(25), seen(2))
