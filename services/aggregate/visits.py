"""Who was where on which day: persons and what is known of them, looked up when it is computed.

A ref without a link is a person alone, named by its first 64 bits. Of a person, over all refs at
all organisations, the statement with the best standing wins: declared, else register, else
inferred; of these the newest; of equals the surer one, then the greater value.
"""

from kudos.profiles import OWN_PERSON, PERSON, PROFILED, age_band

#: How long statements run, so that sales go before them: on one thread, and where the server may
#: set it (CAP_SYS_NICE) behind whoever else wants the processor.
YIELDING = {"max_threads": 1, "os_threads_nice_value_query": 15}
#: What ``visits`` has of each, besides person and own person.
_KNOWN = ("city", "age_band", "gender", "county", "municipality", "centrality", "segment")


#: What each cell's buyers bought, and where; once, though an order has many lines.
_BOUGHT = """
SELECT DISTINCT organisation, day, customer_ref, county, municipality, centrality,
    line.venue AS venue
FROM sales FINAL ARRAY JOIN line
WHERE (day, organisation) IN {cells:Array(Tuple(Date, String))}
    AND customer_ref != 0 AND line.kind = 'sale'
"""
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
