"""Who was where on which day: persons and what is known of them, looked up when it is computed.

A ref without a link is a person alone, named by its first 64 bits. Of a person, over all refs at
all organisations, the statement with the best standing wins: declared, else register, else
inferred; of these the newest; of equals the surer one, then the greater value.
"""

#: How long statements run, so that sales go before them: on one thread, and where the server may
#: set it (CAP_SYS_NICE) behind whoever else wants the processor.
YIELDING = {"max_threads": 1, "os_threads_nice_value_query": 15}
#: A ref's own name as a person.
ALONE = "toUInt64(bitShiftRight(customer_ref, 64))"
#: Of the refs in ``{refs}``, a subquery: person and own person as they are now.
LINKS = """
SELECT customer_ref, argMax((person, own_person), version) AS now, true AS linked
FROM links WHERE customer_ref IN {refs} GROUP BY customer_ref
"""
PERSON, OWN_PERSON = (f"if(linked, now.{n}, {ALONE})" for n in (1, 2))
#: The greater, the earlier it is asked.
BASES = ("inferred", "register", "declared")

#: What ``visits`` has of each, besides person and own person.
_KNOWN = ("city", "age_band", "gender", "county", "municipality", "centrality", "segment")


def age_band(birth: str, day: str) -> str:
    """Return SQL for the age band, on *day*, of who was born in *birth* (yyyy-mm or yyyy).

    The definition is that of enrich: as if born on the first of the month, a year alone on 1 July.
    """
    year, month = (f"toInt32OrZero(splitByChar('-', {birth})[{n}])" for n in (1, 2))
    return f"""
    multiIf(NOT match({birth}, '^[0-9]{{1,9}}(-[0-9]{{0,9}})?$'), 'unknown',
        (toYear({day}) - {year}
            - (toMonth({day}) < if(match({birth}, '-[0-9]'), {month}, 7)) AS age) < 0, 'unknown',
        age < 16, '0-15', age < 25, '16-24', age < 35, '25-34', age < 45, '35-44',
        age < 55, '45-54', age < 65, '55-64', age < 75, '65-74', age <= 120, '75+', 'unknown')
    """


#: What each cell's buyers bought, and where; once, though an order has many lines.
_BOUGHT = """
SELECT DISTINCT organisation, day, customer_ref, county, municipality, centrality,
    line.venue AS venue
FROM sales FINAL ARRAY JOIN line
WHERE (day, organisation) IN {cells:Array(Tuple(Date, String))}
    AND customer_ref != 0 AND line.kind = 'sale'
"""
#: The buyers' persons, and more: a linked ref's own name stands here too, which asks in vain.
_PERSONS = f"""
SELECT {ALONE} AS person FROM bought
UNION ALL
SELECT person FROM links WHERE customer_ref IN (SELECT customer_ref FROM bought)
"""  # noqa: S608 (all of it is ours; what varies is a parameter)
_PROFILES = f"""
SELECT {PERSON} AS person,
    argMaxIf(value, standing, attribute = 'gender') AS stated_gender,
    argMaxIf(value, standing, attribute = 'birth') AS birth,
    argMaxIf(value, standing, attribute = 'segment') AS stated_segment,
    argMaxIf(
        (toString(county), toString(municipality), toString(centrality)), standing,
        attribute = 'postal_code'
    ) AS home
FROM (
    SELECT customer_ref, attribute, value, county, municipality, centrality,
        (indexOf({list(BASES)}, basis), version) AS standing
    FROM evidence WHERE customer_ref IN refs
) AS stated
LEFT JOIN link USING (customer_ref)
GROUP BY person
"""  # noqa: S608 (as above)
#: One row of each way in which a person bought, and one of nobody for each cell.
_BUYERS = f"""
SELECT organisation, day, true AS here, person, own_person, venue_city AS city,
    {age_band("birth", "day")} AS age_band,
    if(stated_gender = '', 'unknown', stated_gender) AS gender,
    if(order_county != '', (order_county, order_municipality, order_centrality), home) AS place,
    place.1 AS county, place.2 AS municipality, place.3 AS centrality,
    if(stated_segment = '', 'unknown', stated_segment) AS segment
FROM (
    SELECT organisation, day, {PERSON} AS person, {OWN_PERSON} AS own_person,
        toString(county) AS order_county, toString(municipality) AS order_municipality,
        toString(centrality) AS order_centrality,
        if(venues[venue] != '', venues[venue], house_city) AS venue_city
    FROM bought
    LEFT JOIN link USING (customer_ref)
    LEFT JOIN (
        SELECT toString(organisation) AS house, toString(city) AS house_city, venues
        FROM organisations FINAL
    ) AS houses ON organisation = house
) AS buyers
LEFT JOIN profiles USING (person)
UNION ALL
SELECT cell.2, cell.1, false, 0, 0, '', '', '', ('', '', ''), '', '', '', ''
FROM (SELECT arrayJoin({{cells:Array(Tuple(Date, String))}}) AS cell)
"""  # noqa: S608 (as above)
#: The person (``link``) and profile (``profiles``) of every customer_ref in ``bought``.
PROFILED = f"""
persons AS ({_PERSONS}),
refs AS MATERIALIZED (SELECT customer_ref FROM refs_of_persons WHERE person IN persons),
link AS MATERIALIZED ({LINKS.format(refs="refs")}),
profiles AS ({_PROFILES})
"""  # noqa: S608 (as above)
VISITS = f"""
INSERT INTO visits (organisation, day, generation, customer.person, customer.own_person,
    {", ".join(f"customer.{name}" for name in _KNOWN)})
SELECT organisation, day, {{generation:UInt64}}, {", ".join(f"c.{n}" for n in range(1, 10))}
FROM (
    WITH
        bought AS MATERIALIZED ({_BOUGHT}),
        {PROFILED}
    SELECT organisation, day, arraySort(groupUniqArrayIf(
        (person, own_person, {", ".join(_KNOWN)}), here
    )) AS c
    FROM ({_BUYERS})
    GROUP BY organisation, day
)
"""  # noqa: S608 (as above)
