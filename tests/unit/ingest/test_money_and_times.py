"""Money to the minor unit and times to the microsecond, held against fractions and the calendar."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kudos.errors import Rejected
from services.ingest.adapters.money import (
    LARGEST_MINOR,
    Amount,
    Local,
    local,
    minor_units,
    nearest_minor_units,
    vat_rate,
)
from services.ingest.adapters.reading import number_of, reader
from services.ingest.adapters.times import Moment, birth_day, joined, microseconds, moment
from services.ingest.adapters.times import read as read_time

UNITS = {"NOK": 100, "JPY": 1, "KWD": 1000, "USD": 100, "ISK": 1}


class Priced(msgspec.Struct):
    """A price, however it is sent."""

    price: Amount


read = reader(Priced)


@given(
    st.decimals(0, 10**15, allow_nan=False, allow_infinity=False, places=3),
    st.integers(0, (1 << 32) - 1),
    st.sampled_from(sorted(UNITS)),
    st.booleans(),
)
def test_amounts_are_exact_or_refused(
    price: Decimal,
    quantity: int,
    currency: str,
    as_text: bool,  # noqa: FBT001 (hypothesis passes it)
) -> None:
    written = f"{price:f}"
    record = f'{{"price": "{written}"}}' if as_text else f'{{"price": {written}}}'
    try:
        sent = read(record.encode()).price
    except Rejected:
        assert price >= 10**15
        return
    exact = Fraction(written) * quantity * UNITS[currency]
    try:
        found = minor_units(sent, currency, "price", quantity)
    except Rejected:
        assert exact.denominator != 1 or exact >= LARGEST_MINOR
    else:
        assert exact == found


def test_what_a_float_cannot_hold_stays_exact() -> None:
    assert 99_999_999_999_999_901 == minor_units(
        read(b'{"price": 999999999999999.01}').price, "NOK", "price"
    )
    assert 115 == minor_units(read(b'{"price": 1.15}').price, "NOK", "price")
    assert 35_000 == minor_units(read(b'{"price": 3.5e2}').price, "NOK", "price")


@pytest.mark.parametrize(
    "sent",
    [
        "-0.01",
        "1e16",
        "1e999999999",
        "NaN",
        "Infinity",
        "true",
        "null",
        '"1 0"',
        '"1,5"',
        '"+1"',
        '"1e2"',
        '"\\uff11"',
        '"1_0"',
        '"NaN"',
        '" 1"',
        '".5"',
        '"5."',
        "[]",
        "9" * 400,
        '""',
    ],
)
def test_what_is_no_amount_is_refused(sent: str) -> None:
    with pytest.raises(Rejected):
        read(f'{{"price": {sent}}}'.encode())


def test_rates_have_two_decimals() -> None:
    assert [0, 1200, 1111, 10_000] == [
        vat_rate(Decimal(text), "x") for text in ("0", "12.00", "11.11", "1e2")
    ]
    for text in ("11.111", "100.01", "-1"):
        with pytest.raises(Rejected, match="x: 0 to 100"):
            vat_rate(Decimal(text), "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00"),  # this hour there is not
        ("2026-03-29T03:00", "2026-03-29T01:00:00"),
        ("2026-10-25T01:59", "2026-10-24T23:59:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00"),  # twice: the first
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00"),  # unless it says which
        ("2026-10-25T03:00", "2026-10-25T02:00:00"),
        ("2026-10-25", "2026-10-24T22:00:00"),
        ("2026-10-26", "2026-10-25T23:00:00"),
        ("2026-05-17T18:03:11.123456789Z", "2026-05-17T18:03:11.123456"),
        ("1970-01-01T01:00:00", "1970-01-01T00:00:00"),
        ("2100-12-31T23:59:59", "2100-12-31T22:59:59"),
    ],
)
def test_times_without_a_zone_are_oslos(text: str, expected: str) -> None:
    found = moment(text)
    assert (datetime.fromisoformat(expected).replace(tzinfo=UTC), len(text) == 10) == (
        found.at,
        found.is_date,
    )


@pytest.mark.parametrize(
    "text",
    [
        "1969-12-31",
        "1970-01-01",
        "2101-01-01",
        "2100-12-31T23:59:59-05:00",
        "2026-02-29",
        "2026-5-17",
        "17.05.2026",
        "2026-05-17T24:00",
        "2026-05-17T18:60",
        "2026-05-17\n",
        "",
        "2026-05-17T18:03:11 +02:00",
        "0001-01-01T00:00:00+02:00",
        "\uff12026-05-17",
    ],
)
def test_what_is_no_time_of_a_sale_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Expected a da"):
        moment(text)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(-23, 23))  # noqa: DTZ001
def test_a_zone_is_kept_to(at: datetime, hours: int) -> None:
    said = f"{at.isoformat()}{'-' if hours < 0 else '+'}{abs(hours):02d}:00"
    assert at.replace(tzinfo=UTC) - timedelta(hours=hours) == moment(said).at


@given(
    st.decimals(0, 10**12, allow_nan=False, allow_infinity=False, places=4),
    st.sampled_from(sorted(UNITS)),
)
def test_what_is_finer_is_rounded_half_up_where_a_vendor_sends_it_so(
    price: Decimal, currency: str
) -> None:
    exact = Fraction(price) * UNITS[currency]
    found = nearest_minor_units(price, currency, "price")
    assert (2 * exact + 1) // 2 == found


def test_a_factor_is_exact_before_it_is_rounded() -> None:
    assert 5_600 == nearest_minor_units(Decimal(50), "NOK", "x", Decimal("1.12"))
    assert 1 == nearest_minor_units(Decimal("0.004"), "NOK", "x", Decimal("1.25"))
    with pytest.raises(Rejected):
        nearest_minor_units(Decimal(-1), "NOK", "x")
    with pytest.raises(Rejected):
        nearest_minor_units(Decimal("1." + "1" * 40), "NOK", "x", Decimal("1." + "1" * 40))


@pytest.mark.parametrize(
    ("sent", "minor"), [("24,20", 2420), ("24,2", 2420), ("24.20", 2420), (24, 2400), ("0,00", 0)]
)
def test_a_comma_is_a_decimal_sign_where_at_most_two_digits_follow(sent: str, minor: int) -> None:
    found = local(sent)
    assert isinstance(found, Local)
    assert minor == minor_units(found, "NOK", "price")


@pytest.mark.parametrize("sent", ["1,250", "1.250,00", "1,250.00", ",5", "5,", "-5,00", "1 250,00"])
def test_a_comma_that_may_be_of_thousands_is_refused(sent: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        local(sent)


def test_amounts_in_minor_units_are_whole() -> None:
    assert 4250 == minor_units(Decimal(4250), "NOK", "price", unit="minor")
    assert 4250 == minor_units(Decimal("4250.00"), "JPY", "price", unit="minor")
    with pytest.raises(Rejected):
        minor_units(Decimal("42.5"), "NOK", "price", unit="minor")


@pytest.mark.parametrize(
    ("day", "clock", "said"),
    [
        ("2026-10-25", "02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25", "03:30", "2026-10-25T02:30:00+00:00"),
        ("2026-03-29", "02:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29", "01:59:59", "2026-03-29T00:59:59+00:00"),
    ],
)
def test_a_day_and_a_clock_that_stand_apart_are_oslos(day: str, clock: str, said: str) -> None:
    found = joined(day, clock, "$.x")
    assert (said, False) == (found.at.isoformat(), found.is_date)


@pytest.mark.parametrize("clock", [None, ""])
def test_a_day_without_a_clock_has_no_hour(clock: str | None) -> None:
    assert joined("2026-05-17", clock, "$.x").is_date


@pytest.mark.parametrize(
    ("day", "clock"),
    [("2026-05-17", "24:00"), ("17.05.2026", "12:00"), ("2026-05-17T12:00", "12:00"), (None, None)],
)
def test_a_day_or_a_clock_that_is_none_is_rejected_by_its_field(day: str, clock: str) -> None:
    with pytest.raises(Rejected, match=r"^invalid_field: \$\.x: expected a date"):
        joined(day, clock, "$.x")


def test_an_offset_needs_no_colon() -> None:
    said = ["2026-07-03T11:00:00+0200", "2026-07-03T11:00:00.000+02:00", "2026-07-03T09:00:00Z"]
    assert 1 == len({read_time(one, "$.x").at for one in said})
    with pytest.raises(Rejected):
        read_time("2026-07-03T11:00:00+200", "$.x")


def test_a_version_of_a_time_is_in_the_unit_of_the_time_of_receipt() -> None:
    found = microseconds(read_time("2026-02-14T10:20:05.337Z", "$.x"))
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found) == datetime(
        2026, 2, 14, 10, 20, 5, 337_000, tzinfo=UTC
    )
    assert 0 == microseconds(Moment(datetime(1970, 1, 1, tzinfo=UTC), is_date=False))


def test_a_birth_day_that_is_none_is_left_out() -> None:
    assert "1984-05-17" == birth_day("1984-05-17T00:00:00")
    assert [None] * 3 == [birth_day(None), birth_day(""), birth_day("17.05.1984")]


def test_a_number_that_is_null_is_not_the_number() -> None:
    number = number_of("a", "b")
    assert ["1", "2", "3", None] == [
        number(record)
        for record in (b'{"b": 2, "a": 1}', b'{"a": null, "B": 2}', b'{"b": "3"}', b'{"a": null}')
    ]
