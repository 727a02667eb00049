"""``python -m benchmarks.resolve``: orders' claims a second that resolve takes, on this disk.

Single runs, and printed as such: decoding, opening, the rules, the state and its commits, records
and links. The broker is left out; ``make bench`` has it.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from kudos import avro
from kudos.records import Customer, ReceivedProfile
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import Message
from kudos.topics import CLAIMS, LINKS
from services.identity.pseudonym import Keys, pseudonymise_profile
from services.identity.resolve import Resolver
from services.identity.state import State
from simulation.people import People

KEYS = Keys(b"i" * 32, (b"1" * 32,))
PRIVATE, PUBLIC = new_key_pair()
NOW = datetime(2026, 5, 17, tzinfo=UTC)
ORGANISATIONS = 100


def main() -> None:
    """Make claims, resolve them, and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resolve", description=__doc__)
    parser.add_argument("--orders", type=int, default=50_000, help="a stretch (50000)")
    parser.add_argument("--batch", type=int, default=1000, help="claims a transaction (1000)")
    chosen = parser.parse_args()
    first, again = claims(1, chosen.orders), claims(2, chosen.orders)
    resolver = Resolver(KEYS, Opener(PRIVATE), Sealer(PUBLIC))
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder))
        for name, said in (("of a new state", first), ("more of it", again), ("repeated", again)):
            run(f"{name}, single run", state, resolver, said, chosen.batch)
        state.close()


def claims(seed: int, orders: int) -> list[Message]:
    """Return the claims of *orders* at a hundred organisations; many people order often."""
    people = People(1, orders, date(2023, 1, 1), date(2026, 1, 1))
    chance, sealer = random.Random(seed), Sealer(PUBLIC)
    found: list[Message] = []
    for _ in range(orders):
        number = people.draw(chance)
        organisation = f"hus-{(number * 7 + int(chance.random() ** 3 * 5)) % ORGANISATIONS}"
        received = ReceivedProfile("markethype", organisation, "tixly", NOW, NOW, b"")
        said = pseudonymise_profile(
            received,
            customer(people, number, number // ORGANISATIONS + int(organisation[4:])),
            KEYS,
            sealer,
        )
        if said is not None:
            found.append(
                Message(CLAIMS.name, said.claims.customer_ref.encode(), avro.encode(said.claims))
            )
    return found


def customer(people: People, number: int, at: int) -> Customer:
    """Return somebody as a shop knows them: five identifiers, at every other one a birth date."""
    person = people[number]
    return Customer(
        number=str(number),
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        phone=person.phone,
        street=person.street,
        postal_code=person.postal_code,
        country=person.country,
        birth_date=str(person.birth_date) if at % 2 else None,
    )


def run(name: str, state: State, resolver: Resolver, said: Sequence[Message], most: int) -> None:
    """Resolve *said* and print claims a second."""
    begun, changed = time.perf_counter(), 0
    for start in range(0, len(said), most):
        with state.change() as change:
            outputs = resolver.step(change, said[start : start + most])
            changed += sum(m.topic == LINKS.name for m in outputs)
    seconds = time.perf_counter() - begun
    print(f"{len(said) / seconds:10,.0f} claims/s   {name}: {len(said):,}, {changed:,} links")


if __name__ == "__main__":
    main()
