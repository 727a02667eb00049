"""A world at size, made by the engine itself: orders, their customers, and whom they belong to."""

from collections.abc import Callable
from datetime import date, timedelta

from clickhouse_connect.driver.client import Client

HOUSES, ORDERS, REFS, PERSONS, DAYS = 100, 4_000_000, 2_000_000, 1_080_000, 1095
_PORTION = 500_000
_INDUSTRIES = ["scenekunst", "orkester", "konserthus", "museum", "visuell-kunst", "festival"]
_CITIES = ["0301", "4601", "5001", "1103", "5501", "3301", "4204", "1804"]

_HOUSES = """
INSERT INTO organisations (organisation, industry, region, city, owner, currency, venues,
    ticket_classes, genres, gone, version, marked)
SELECT concat('house-', toString(number)) AS house, {industries:Array(String)}[1 + number % 6],
    left(town, 2), {cities:Array(String)}[1 + number % 8] AS town, house, 'NOK',
    if(number % 5 = 0, map('Gjestescenen', '4602'), map()::Map(String, String)),
    map('Ordinær', 'full'), map('Skuespill', 'theatre'), false, 1, true
FROM numbers({houses:UInt32})
"""
#: Of orders the largest house has 10 %, the smallest 0.5 %: a number up to a hundred as a square.
#: A house's refs are its share of all; some buy far oftener than others.
_REF = """
reinterpretAsUInt128(sipHash128(house, floor(greatest(1, {refs:UInt32}
    * (sqrt((house + 1) / {houses:UInt32})
    - sqrt(house / {houses:UInt32}))) * pow(cityHash64(n, 'ref') / 18446744073709551616., 1.5))))
"""
_SALES = f"""
INSERT INTO sales (day, organisation, transaction_id, revision, order_id, sold_at, channel, vendor,
    currency, customer_ref, record_ref, age_band, county, municipality, centrality, line.kind,
    line.item, line.at, line.timed, line.ticket_type, line.price_category, line.quantity,
    line.amount, line.discount, line.fee, line.vat_rate, line.performance, line.production,
    line.venue, line.genre, line.starts_at, line.starts_timed, line.undated)
SELECT {{first:Date}} + cityHash64(n, 'day') % {{days:UInt32}} AS day,
    concat('house-', toString(house)), reinterpretAsUInt128(sipHash128(n, back)),
    {{revision:UInt8}},
    reinterpretAsUInt128(sipHash128(n, 'order')),
    toDateTime(day, 'UTC') + 36000 + n % 36000 AS sold_at,
    ['web', 'web', 'web', 'box_office', 'phone'][1 + n % 5], 'homemade', 'NOK',
    if(n % 5 = 0, 0, {_REF}) AS ref, ref, 'unknown', if(n % 3 = 0, '', '46'),
    if(n % 3 = 0, '', '4601'), if(n % 3 = 0, '', '2'),
    arrayWithConstant(many, if(back, 'refund', 'sale')), arrayWithConstant(many, 'ticket'),
    arrayWithConstant(many, sold_at), arrayWithConstant(many, true),
    arrayMap(x -> ['Ordinær', 'Student', 'Barn'][1 + x % 3], range(many)),
    arrayWithConstant(many, 'A'), arrayMap(x -> 1 + x % 2, range(many)),
    arrayMap(x -> 10000 * (1 + (n + x) % 9), range(many)), arrayWithConstant(many, 0),
    arrayWithConstant(many, 2000), arrayWithConstant(many, 0), arrayWithConstant(many, 'P'),
    arrayWithConstant(many, concat('Stykke ', toString(n % 40))),
    arrayWithConstant(many, if(n % 11 = 0, 'Gjestescenen', 'Hovedscenen')),
    arrayWithConstant(many, 'Skuespill'),
    arrayWithConstant(many, sold_at + 86400 * (n % 100)), arrayWithConstant(many, true),
    arrayWithConstant(many, toUInt128(0))
FROM (
    SELECT number AS n, {{back:Bool}} AS back, 1 + cityHash64(n, 'lines') % 4 AS many,
        toUInt32(floor({{houses:UInt32}} * pow(cityHash64(n, 'house') / 18446744073709551616., 2)))
            AS house
    FROM numbers({{begin:UInt64}}, {{count:UInt64}}) WHERE number % {{every:UInt32}} = 0
)
"""  # noqa: S608 (all of it is ours)
_PERSON = "1 + cityHash64(customer_ref, 'person') % {persons:UInt64}"
_LINKS = f"""
INSERT INTO links (customer_ref, organisation, person, own_person, version)
SELECT customer_ref, any(organisation), {_PERSON}, cityHash64({_PERSON}, any(organisation)), 1
FROM customer_days GROUP BY customer_ref
"""  # noqa: S608 (all of it is ours)
_EVIDENCE = """
INSERT INTO evidence (customer_ref, attribute, basis, source, organisation, value, confidence,
    county, municipality, centrality, observed_at, version, position)
SELECT customer_ref, said.1, 'declared', 'order', organisation, said.2, 1,
    if(said.1 = 'postal_code', '46', ''), if(said.1 = 'postal_code', '4601', ''),
    if(said.1 = 'postal_code', '2', ''), now64(6), cityHash64(customer_ref), 0
FROM links
ARRAY JOIN [('gender', ['female', 'male'][1 + customer_ref % 2]),
    ('birth', concat(toString(1940 + toUInt16(customer_ref % 70)), '-05')),
    ('postal_code', 'NO-5003')] AS said
WHERE cityHash64(customer_ref, said.1) % 10 < 6
"""
_MARKS = """
INSERT INTO marks (day, organisation, marks) SELECT day, organisation, 1 FROM sales
GROUP BY day, organisation
"""


def make(client: Client, last: date, share: float, say: Callable[[str], None]) -> None:
    """Make a *share* of the world, whose last day is *last*."""
    orders = int(ORDERS * share)
    known = {
        "first": last - timedelta(days=DAYS - 1),
        "days": DAYS,
        "houses": HOUSES,
        "refs": int(REFS * share),
        "industries": _INDUSTRIES,
        "cities": _CITIES,
    }
    client.raw_query(_HOUSES, parameters=known)
    # second versions, and credit notes: whole transactions of the same order
    for what, revision, back, every in (
        ("orders", 1, False, 1),
        ("second versions", 2, False, 50),
        ("credit notes", 1, True, 33),
    ):
        for begin in range(0, orders, _PORTION):
            say(f"{what} from {begin:,}")
            asked = {"begin": begin, "count": min(_PORTION, orders - begin), "every": every}
            of = {"revision": revision, "back": back}
            client.raw_query(_SALES, parameters=known | asked | of)
    say("links and evidence")
    client.raw_query(_LINKS, parameters={"persons": int(PERSONS * share)})
    client.raw_query(_EVIDENCE)
    client.raw_query(_MARKS)
