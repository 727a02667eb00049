"""Exchange rates are read as they come, checked line by line, and last over holidays."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kudos.cli.exchange_rates import read, said, write
from kudos.errors import Misconfigured
from kudos.rates import Rate, every_day, rates

HEAD = "day,currency,rate\n"
BANK = (
    "\ufeffFREQ;BASE_CUR;QUOTE_CUR;UNIT_MULT;TIME_PERIOD;OBS_VALUE\r\n"
    "B;DKK;NOK;2;2026-01-05;158,21\r\nB;EUR;NOK;0;2026-01-05;11.8100\r\n"
)


def test_norges_bank_s_words_are_read_and_hundreds_divided() -> None:
    day = date(2026, 1, 5)
    expected = [Rate(day, "DKK", Decimal("1.5821")), Rate(day, "EUR", Decimal("11.81"))]
    assert expected == read(BANK.encode())


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "its head does not name"),
        (HEAD, "it holds no rate"),
        (f"{HEAD}2026-02-30,DKK,1\n", "line 2: day is none"),
        (f"{HEAD}2026-02-03,Danish,1\n", "line 2: currency is no code"),
        (f"{HEAD}2026-02-03,DKK,one\n", "line 2: rate is no number"),
        (f"{HEAD}2026-02-03,DKK,0\n", "line 2: rate is not above 0"),
        (f"{HEAD}2026-02-03,DKK,1\n2026-02-03,DKK,2\n", "line 3: its currency and day"),
        (BANK.replace("EUR;NOK", "EUR;USD"), "line 3: quote_cur is not NOK"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, wrong: str) -> None:
    with pytest.raises(Misconfigured, match=wrong):
        read(text.encode())


def test_what_was_imported_is_what_a_cut_reads(tmp_path: Path) -> None:
    assert [] == rates(tmp_path)
    write(tmp_path, read(BANK.encode()))
    assert read(BANK.encode()) == rates(tmp_path)
    assert said(rates(tmp_path)).startswith("DKK: 1 days, 2026-01-05 to 2026-01-05\nEUR: 1 days")
    (tmp_path / "exchange_rates.csv").write_text("day\n2026-01-05\n")
    with pytest.raises(Misconfigured, match=r"exchange_rates\.csv; import it again"):
        rates(tmp_path)


def test_a_rate_lasts_over_a_holiday_and_no_longer_than_a_week() -> None:
    known = [
        Rate(date(2026, 1, 2), "DKK", Decimal(1)),
        Rate(date(2026, 1, 5), "DKK", Decimal(2)),
        Rate(date(2026, 2, 1), "DKK", Decimal(3)),
        Rate(date(2026, 1, 1), "EUR", Decimal(9)),
    ]
    found = {(one.currency, one.day): one.rate for one in every_day(reversed(known))}
    january = [found.get(("DKK", date(2026, 1, day))) for day in (1, 2, 4, 5, 11, 12, 31)]
    assert [None, 1, 1, 2, 2, None, None] == january
    assert Decimal(9) == found["EUR", date(2026, 1, 7)]
    assert ("EUR", date(2026, 1, 8)) not in found
    assert len(found) == 3 + 7 + 7 + 7
