"""Who a ref is and what is known of them, as SQL: looked up when figures are computed.

A ref without a link is a person alone, named by its first 64 bits. Of a person, over all refs at
all organisations, the statement with the best standing wins: declared, else register, else
inferred; of these the newest; of equals the surer one, then the greater value.
"""

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
#: The person (``link``) and profile (``profiles``) of every customer_ref in ``bought``.
PROFILED = f"""
persons AS ({_PERSONS}),
refs AS MATERIALIZED (SELECT customer_ref FROM refs_of_persons WHERE person IN persons),
link AS MATERIALIZED ({LINKS.format(refs="refs")}),
profiles AS ({_PROFILES})
"""  # noqa: S608 (as above)
