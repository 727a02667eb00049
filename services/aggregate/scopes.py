"""What a visit or a line counts in: an organisation, and the groups that it belongs to.

Region and city are of the venue: the performance's where the register maps it, else the
organisation's; a county is the first two digits of a municipality.
"""

from services.aggregate.visits import YIELDING

#: The organisations that the register holds now: what groups are made of.
HOUSES = (
    "SELECT organisation, industry, city AS home, venues FROM organisations FINAL WHERE NOT gone"
)

#: The kinds of groups, and the scope of each, in the words ``industry`` and ``city``.
GROUPS = {
    "network": "''",
    "industry": "toString(industry)",
    "region": "left(city, 2)",
    "city": "city",
    "industry-region": "concat(industry, '/', left(city, 2))",
}
#: All the scopes of a visit or line: an array of (kind, scope).
SCOPES = "[" + ", ".join(f"('{kind}', {scope})" for kind, scope in GROUPS.items()) + "]"
#: A line's municipality, in the words ``venue``, ``venues`` and ``home``.
CITY = "if(mapContains(venues, venue), venues[venue], toString(home))"

#: Each year is its own partition and a row's day tells which: so FINAL merges within them.
SETTINGS = {"do_not_merge_across_partitions_select_final": 1, **YIELDING}
#: When everything is made anew: as many threads as there are, behind others as before.
WIDE = SETTINGS | {"max_threads": 0}
