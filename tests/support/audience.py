"""Who came, by another way: DuckDB over the truth of a clean world, with no product code."""

from datetime import date
from typing import Any

import duckdb
import polars as pl

from simulation.houses import HOUSES
from simulation.names import GIVEN
from simulation.places import MUNICIPALITIES
from simulation.register import CLASSES, GENRES
from tests.support.oracle import LINE_BREAKDOWNS, SUMS
from tests.support.whose import own_persons

#: What a given name alone tells: of some too few are known, and one is nearly always a man's.
TOLD = {name: gender for name, (gender, _, _) in GIVEN.items()} | {"Kim": "male"}
UNTOLD = frozenset({"Máret", "Zainab", "Ailo"})

#: Each kind of scope: which a visit or line counts in, and whom it counts.
SCOPES: dict[str, tuple[str, str]] = {
    "organisation": ("organisation", "person"),
    "own": ("organisation", "own"),
    "network": ("''", "person"),
    "industry": ("industry", "person"),
    "region": ("left(city, 2)", "person"),
    "city": ("city", "person"),
    "industry-region": ("industry || '/' || left(city, 2)", "person"),
}
GROUPS = ("network", "industry", "region", "city", "industry-region")
COUNTS = (
    "orders",
    "ticket_orders",
    "tickets",
    "refunded_tickets",
    "customer_records",
)
MONEY = ("gross_revenue", "net_revenue", "fees", "ticket_revenue", "paid_tickets")

_AGE = "year(day) - birth[:4]::INT - (month(day) < birth[6:7]::INT)::INT"
#: How a line falls into each breakdown; NULL is in none.
BREAKDOWNS: dict[str, str] = {
    "age_band": f"""CASE
        WHEN birth IS NULL THEN 'unknown'
        WHEN {_AGE} < 16 THEN '0-15' WHEN {_AGE} < 25 THEN '16-24' WHEN {_AGE} < 35 THEN '25-34'
        WHEN {_AGE} < 45 THEN '35-44' WHEN {_AGE} < 55 THEN '45-54' WHEN {_AGE} < 65 THEN '55-64'
        WHEN {_AGE} < 75 THEN '65-74' ELSE '75+' END""",
    "gender": "coalesce(gender, 'unknown')",
    "segment": "coalesce(segment, 'unknown')",
    "county": "coalesce(left(place.municipality, 2), 'unknown')",
    "municipality": "coalesce(place.municipality, 'unknown')",
    "centrality": "coalesce(place.centrality, 'unknown')",
    "ticket_class": "coalesce(ticket_class, 'other')",
    "genre": "CASE WHEN genre IS NULL THEN 'unknown' ELSE coalesce(shared_genre, 'other') END",
    "channel": LINE_BREAKDOWNS["channel"],
    "price_band": LINE_BREAKDOWNS["price_band"],
    "lead_time": LINE_BREAKDOWNS["lead_time"],
    "weekday_hour": LINE_BREAKDOWNS["weekday_hour"],
    "party_size": """CASE
        WHEN party = 0 THEN NULL WHEN party < 3 THEN party::VARCHAR
        WHEN party < 5 THEN '3-4' WHEN party < 10 THEN '5-9' ELSE '10+' END""",
}
_WON = """
    SELECT person, attribute, arg_max(value, (basis, observed_at, confidence, value)) AS value
    FROM (
        SELECT person, 'gender' AS attribute, gender AS value, 3 AS basis, 1.0 AS confidence,
            observed_at FROM customers WHERE gender IS NOT NULL
        UNION ALL
        SELECT person, 'gender', named.gender, 1, 0.9, observed_at
        FROM customers JOIN named USING (given_name) WHERE customers.gender IS NULL
        UNION ALL
        SELECT person, 'birth', left(birth_date, 7), 3, 1.0, observed_at
        FROM customers WHERE birth_date IS NOT NULL
        UNION ALL
        SELECT person, 'home', country || '-' || postal_code, 3, 1.0, observed_at
        FROM customers WHERE postal_code IS NOT NULL
        UNION ALL
        SELECT person, if(attribute = 'postal_code', 'home', attribute), value,
            list_position(['inferred', 'register', 'declared'], basis), confidence,
            statements.observed_at
        FROM statements JOIN customers USING (customer)
    )
    GROUP BY person, attribute
"""
_LINES = """
CREATE TABLE lines AS
SELECT told.* EXCLUDE (person, customer, postal_code, country), c.person, c.own,
    organisation || '/' || vendor || '/' || "order" AS bought,
    organisation || '/' || vendor || '/' || customer_record AS record,
    amount_minor - discount_minor AS price,
    item NOT IN ('gift_card', 'donation', 'season_pass_use') AS revenue,
    coalesce(sum(quantity) FILTER (kind = 'sale' AND item = 'ticket')
        OVER (PARTITION BY organisation, vendor, "order"), 0) AS party,
    industry, coalesce(elsewhere, house_city) AS city,
    ticket_class, shared_genre, gender, birth, segment, coalesce(here, there) AS place
FROM told
LEFT JOIN (SELECT customer, person, own FROM customers) AS c USING (customer)
LEFT JOIN profiles ON profiles.person = c.person
JOIN houses USING (organisation)
LEFT JOIN venues USING (organisation, venue)
LEFT JOIN classes USING (ticket_type)
LEFT JOIN genres USING (organisation, genre)
LEFT JOIN (SELECT home, place AS here FROM places) AS own ON
    own.home = told.country || '-' || told.postal_code
LEFT JOIN (SELECT home, place AS there FROM places) AS theirs ON theirs.home = profiles.home
"""


def _register() -> dict[str, pl.DataFrame]:
    """Return what the tests' register and the official ones say."""
    houses = [(house.id, house.industry, house.city) for house in HOUSES]
    venues = [(house.id, *pair) for house in HOUSES for pair in house.venues.items()]
    genres = [
        (house.id, house.genre, GENRES[house.genre]) for house in HOUSES if house.genre in GENRES
    ]
    names = [pair for pair in TOLD.items() if pair[0] not in UNTOLD]
    places = [
        (f"NO-{code}", {"municipality": municipality, "centrality": str(centrality)})
        for code, (municipality, centrality) in MUNICIPALITIES.items()
    ]
    tables: dict[str, tuple[list[Any], list[str]]] = {
        "houses": (houses, ["organisation", "industry", "house_city"]),
        "venues": (venues, ["organisation", "venue", "elsewhere"]),
        "classes": (list(CLASSES.items()), ["ticket_type", "ticket_class"]),
        "genres": (genres, ["organisation", "genre", "shared_genre"]),
        "named": (names, ["given_name", "gender"]),
        "places": (places, ["home", "place"]),
    }
    return {
        name: pl.DataFrame(rows, schema=columns, orient="row")
        for name, (rows, columns) in tables.items()
    }


class Audience:
    """Answers from a clean world's truth: lines, customers, and what sources stated of these.

    What is 0 has no row.
    """

    def __init__(
        self, lines: pl.DataFrame, customers: pl.DataFrame, statements: pl.DataFrame
    ) -> None:
        self._db = duckdb.connect()
        local = pl.col("at").dt.convert_time_zone("Europe/Oslo")
        played = pl.col("performance_starts_at").dt.convert_time_zone("Europe/Oslo")
        told = lines.with_columns(
            day=local.dt.date(),
            weekday=local.dt.weekday(),
            hour=local.dt.hour(),
            played=played.dt.date(),
        )
        tables = {
            "told": told,
            "customers": own_persons(customers),
            "statements": statements,
            **_register(),
        }
        for name, table in tables.items():
            self._db.register(name, table.to_arrow())
        self._db.execute(f"CREATE TABLE profiles AS PIVOT ({_WON}) ON attribute USING first(value)")
        for missing in ("gender", "birth", "home", "segment"):
            self._db.execute(f"ALTER TABLE profiles ADD COLUMN IF NOT EXISTS {missing} VARCHAR")
        self._db.execute(_LINES)
        self._db.execute("""
            CREATE TABLE visits AS SELECT DISTINCT organisation, industry, city, day, person, own
            FROM lines WHERE kind = 'sale' AND person IS NOT NULL
        """)

    def days(self) -> tuple[date, date]:
        """Return the first and the last day on which anybody came."""
        [(first, last)] = self.frame("SELECT min(day), max(day) FROM visits").rows()
        return first, last

    def daily(self, kind: str) -> pl.DataFrame:
        """Return scope, day, currency (of money), measure, value of every scope of *kind*."""
        scope, _ = SCOPES[kind]
        found = self._sums("day, scope", f"(SELECT *, {scope} AS scope FROM lines)")
        if kind != "organisation":
            return found
        own = self.frame("""
            SELECT day, organisation AS scope, '' AS currency, 'own_customers' AS measure,
                count(DISTINCT own) AS value FROM visits GROUP BY ALL
        """)
        return pl.concat([found, own])

    def by(self, breakdown: str) -> pl.DataFrame:
        """Return organisation, day, falls, currency (of money), measure, value."""
        falls = f"(SELECT *, {BREAKDOWNS[breakdown]} AS falls FROM lines WHERE falls IS NOT NULL)"
        return self._sums("organisation, day, falls", falls)

    def _sums(self, kept: str, source: str) -> pl.DataFrame:
        counted = (
            f"SELECT {kept}, {SUMS}, count(DISTINCT person) FILTER (kind = 'sale') AS customers"
        )
        parts = [
            self.frame(f"""
                SELECT * FROM (
                    UNPIVOT (
                        SELECT {kept}, currency,
                            {", ".join(f"{name}::BIGINT AS {name}" for name in names)}
                        FROM ({counted}, {currency} AS currency FROM {source} GROUP BY ALL)
                    ) ON {", ".join(names)} INTO NAME measure VALUE value
                ) WHERE value <> 0
            """)
            for names, currency in (((*COUNTS, "customers"), "''"), (MONEY, "currency"))
        ]
        return pl.concat(parts)

    def frame(self, sql: str, *asked: Any) -> pl.DataFrame:
        """Return what DuckDB answers of ``visits``, ``lines`` and ``customers``."""
        return pl.DataFrame(self._db.sql(sql, params=asked).to_arrow_table())

    def do(self, sql: str, *asked: Any) -> None:
        """Let DuckDB do something."""
        self._db.execute(sql, asked)
