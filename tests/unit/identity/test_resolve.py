"""Claims become links: the same in any order and batching, after any death, and once each."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kudos import avro
from kudos.records import Claims, CustomerRecord, Link
from kudos.stream import Message
from kudos.topics import LINKS, RECORDS
from services.identity import active
from services.identity.persons import MANY
from services.identity.pseudonym import Keys
from services.identity.state import Change, State
from tests.support.claimed import KEYS, claims, claims_by, expected, messages, resolver, town
from tests.support.turns import MemoryTopics, MemoryTurn

Linked = dict[str, tuple[str, str]]
MAIL = "familien@nordvik.no"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    found = State(tmp_path / "state")
    yield found
    found.close()


def follow(turn: MemoryTurn, state: State, keys: Keys = KEYS) -> None:
    made = resolver(keys)
    active.run([turn], state, made, made.step)


def linked(topics: MemoryTopics) -> Linked:
    """Return the person and own person of each ref, as the topic has them now."""
    found = [avro.decode(v or b"", Link) for v in topics.values(LINKS.name).values()]
    return {link.customer_ref: (link.person, link.own_person) for link in found}


def run(tmp_path: Path, said: Iterable[Claims], most: int = 7) -> MemoryTopics:
    """Return the topics after *said* was resolved from nothing."""
    topics, state = MemoryTopics(messages(said)), State(tmp_path)
    try:
        follow(topics.turn(most), state)
    finally:
        state.close()
    return topics


def test_links_are_what_the_rules_say_of_all_claims_in_any_order_and_batching(
    tmp_path: Path,
) -> None:
    people, chance = town(1, 25), random.Random(2)
    links = expected(people)
    assert len({person for person, _ in links.values()}) < 0.8 * len(links)
    # who is one for the network may be two at one organisation, which knows less
    assert len(set(links.values())) > len({person for person, _ in links.values()})
    said = [claims(**fields) for fields in people]
    for number in range(200):
        chance.shuffle(said)
        topics = run(tmp_path / str(number), said, chance.choice([1, 3, 10, 1000]))
        assert links == linked(topics)


def test_what_is_said_again_says_nothing(state: State) -> None:
    said = messages(claims(**fields) for fields in town(1, 10))
    topics = MemoryTopics(said)
    follow(topics.turn(), state)
    once = {topic: list(found) for topic, found in topics.committed.items()}
    topics.claims += said * 2
    follow(topics.turn(), state)
    assert once == topics.committed
    assert len(topics.claims) == topics.done


def test_records_stand_once_and_links_only_where_something_changed(state: State) -> None:
    topics = MemoryTopics(messages(claims(**fields) for fields in town(3, 40)))
    follow(topics.turn(5), state)
    records = Counter(m.key for m in topics.committed[RECORDS.name])
    assert {1} == set(records.values())
    before: dict[str, tuple[str, str]] = {}
    for message in topics.committed[LINKS.name]:
        link = avro.decode(message.value or b"", Link)
        now = (link.person, link.own_person)
        known = before.get(link.customer_ref, (None, None))
        assert known == (link.person_before, link.own_person_before)
        assert now != known
        before[link.customer_ref] = now
    assert records.keys() == {ref.encode() for ref in before}
    assert len(topics.committed[LINKS.name]) > len(before)


def test_a_merge_is_undone_when_it_turns_out_to_be_none(state: State) -> None:
    """One who fits both joined them; then the box office's mail is seen for what it is."""
    apart = [claims(email=MAIL, given_name="Kari"), claims(phone="92345678", given_name="Kari")]
    topics = MemoryTopics(messages(apart))
    follow(topics.turn(), state)
    at_first = linked(topics)
    assert 2 == len(set(at_first.values()))
    bridge = claims(email=MAIL, phone="92345678")
    topics.claims += messages([bridge])
    follow(topics.turn(), state)
    assert 1 == len(set(linked(topics).values()))
    topics.claims += messages(claims(email=MAIL, given_name=f"N{c}n") for c in "abcdefgh")
    topics.claims += messages(claims(phone="92345678", given_name=f"N{c}n") for c in "abcdefgh")
    follow(topics.turn(), state)
    now = linked(topics)
    assert at_first == {r: now[r] for r in at_first}
    assert now[bridge.customer_ref] == (bridge.customer_ref[:16],) * 2


@pytest.mark.parametrize("most", [1000, 50])
def test_a_hub_of_ten_thousand_found_late_leaves_links_as_if_it_had_joined_nobody(
    state: State, most: int
) -> None:
    """Nine thousand came nameless with their numbers, each at a house of its own."""
    orders = [
        claims(f"hus-{n % 40}", email="billett@huset.no", number=str(n), given_name="Kari")
        for n in range(2000 if most < 1000 else 10_000)
    ]
    topics = MemoryTopics(messages(orders))
    follow(topics.turn(most), state)
    assert 1 == len({person for person, _ in linked(topics).values()})
    assert 40 == len({own for _, own in linked(topics).values()})
    names = [claims(email="billett@huset.no", given_name=f"Navn{c}") for c in "abcdefghij"]
    topics.claims += messages(names)
    follow(topics.turn(most), state)
    now = linked(topics)
    alone = [
        c.customer_ref for c in (*orders, *names) if now[c.customer_ref][0] == c.customer_ref[:16]
    ]
    assert len(orders) + len(names) == len(alone)
    # within a house it is no hub: each has seen but one name
    assert 40 + len(names) == len({own for _, own in now.values()})


def test_a_network_s_hub_may_join_within_an_organisation(tmp_path: Path) -> None:
    one = [claims("o0", email=MAIL, given_name="Kari"), claims("o0", email=MAIL, phone="92345678")]
    others = [
        claims(f"o{n}", email=MAIL, given_name=f"Navn{'abcdefghij'[n]}") for n in range(1, 10)
    ]
    for number, said in enumerate(([*one, *others], [*others, *one])):
        now = linked(run(tmp_path / str(number), said))
        (first, own), (second, also) = (now[c.customer_ref] for c in one)
        assert first != second
        assert own == also


def test_the_network_s_knowledge_does_not_show_in_own_persons(tmp_path: Path) -> None:
    """Another house knows that the mail and the phone are one customer's."""
    mine = [claims("a", email=MAIL), claims("a", phone="92345678")]
    theirs = claims("b", email=MAIL, phone="92345678")
    now = linked(run(tmp_path, [*mine, theirs]))
    assert 1 == len({person for person, _ in now.values()})
    assert 3 == len({own for _, own in now.values()})


def test_two_spellings_of_one_ref_stand_together_in_its_record(tmp_path: Path) -> None:
    home = {"email": MAIL, "postal_code": "0155"}
    spelt = [
        claims(given_name="Kari", family_name="Nordvik", **home),
        claims(given_name="Nordvik", family_name="Kari", **home),
    ]
    assert 1 == len({c.customer_ref for c in spelt})
    knut = claims(given_name="Knut", family_name="Nordvik", email=MAIL)
    for number, said in enumerate(([*spelt, knut], [knut, *reversed(spelt)])):
        topics = run(tmp_path / str(number), said, most=1)
        assert 2 == len(set(linked(topics).values()))
        assert 3 == len(topics.committed[RECORDS.name])


# --- deaths ---------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is no more."""


class Mortal:
    """A state whose process may die before or after each of its commits."""

    def __init__(self, state: State, step: "Steps") -> None:
        self._state, self._step = state, step

    @contextmanager
    def change(self) -> Iterator[Change]:
        with self._state.change() as change:
            yield change
            self._step("before the state")
        self._step("after the state")


class Steps:
    """Counts, and kills at one of them."""

    def __init__(self, last: int) -> None:
        self.left, self.taken = last, 0

    def __call__(self, at: str) -> None:
        self.taken += 1
        self.left -= 1
        if self.left == 0:
            raise Killed(at)


def survive(
    folder: Path, said: Sequence[Message], kills: Iterable[int]
) -> tuple[MemoryTopics, int]:
    """Return the topics after a process died at each of *kills*, and the steps of the last."""
    topics = MemoryTopics(said)
    for last in (*kills, 1_000_000):
        step, state = Steps(last), State(folder)
        made = resolver()
        try:
            active.run([topics.turn(6, step)], Mortal(state, step), made, made.step)  # type: ignore[arg-type]  # as a state
        except Killed:
            continue
        finally:
            state.close()
    return topics, step.taken


def test_a_death_between_any_two_steps_leaves_equal_links(tmp_path: Path) -> None:
    people = town(5, 8)
    said = messages(claims(**fields) for fields in people)
    links = expected(people)
    _, steps = survive(tmp_path / "none", said, ())
    assert steps > 20
    for last in range(1, steps + 1):
        topics, _ = survive(tmp_path / str(last), said, [last])
        assert links == linked(topics), last
        assert len(said) == topics.done


def test_many_deaths_leave_equal_links(tmp_path: Path) -> None:
    people, chance = town(6, 10), random.Random(7)
    said = messages(claims(**fields) for fields in people)
    for number in range(15):
        kills = [chance.randint(2, 12) for _ in range(12)]
        topics, _ = survive(tmp_path / str(number), said, kills)
        assert expected(people) == linked(topics)


def test_the_one_before_is_fenced_and_its_state_is_not_ahead(tmp_path: Path) -> None:
    people = town(8, 8)
    topics = MemoryTopics(messages(claims(**fields) for fields in people))
    one, other = State(tmp_path), State(tmp_path)
    paused = topics.turn(6)
    batches = paused.batches(active.ready(paused, one, resolver()))
    batch = next(iter(batches))
    follow(topics.turn(6), other)
    emitted = {k: list(v) for k, v in topics.committed.items()}
    # it wakes with a batch in its hands, and goes on
    woken = resolver()
    active.run([paused], one, woken, woken.step)
    assert emitted == topics.committed
    assert batch[0].offset == 0
    assert expected(people) == linked(topics)
    # its next turn finds the state behind, and what it says again is what stood
    follow(topics.turn(6), one)
    assert expected(people) == linked(topics)
    one.close()
    other.close()


# --- rebuilding -----------------------------------------------------------------------------------


def compacted(topics: MemoryTopics) -> None:
    for topic in (RECORDS.name, LINKS.name):
        last = {m.key: m for m in topics.committed[topic]}
        topics.committed[topic] = list(last.values())


def test_a_lost_state_is_rebuilt_from_what_compaction_left_and_says_nothing(
    tmp_path: Path,
) -> None:
    people = town(9, 40)
    half = len(people) // 2
    topics = run(tmp_path / "lost", [claims(**fields) for fields in people[:half]])
    compacted(topics)
    stood = {k: list(v) for k, v in topics.committed.items()}
    state = State(tmp_path / "new")
    # what was claimed is no longer kept
    topics.first = topics.done
    follow(topics.turn(), state)
    assert stood == topics.committed
    topics.claims += messages(claims(**fields) for fields in people[half:])
    follow(topics.turn(), state)
    state.close()
    assert expected(people) == linked(topics)


@pytest.mark.parametrize("change", ["offset", "cluster", "rules"])
def test_a_state_of_something_else_is_rebuilt(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = town(9, 10)
    topics = run(tmp_path, [claims(**fields) for fields in people])
    stood = {k: list(v) for k, v in topics.committed.items()}
    rebuilt: list[int] = []
    monkeypatch.setattr(active, "rebuild", lambda _t, _s, _r, committed: rebuilt.append(committed))
    turn = topics.turn()
    if change == "offset":
        # behind what is kept
        topics.first = topics.done = topics.done + 5
    elif change == "cluster":
        turn.cluster = "another"
    else:
        monkeypatch.setattr(active, "RULES", active.RULES + 1)
    state = State(tmp_path)
    assert topics.done == active.ready(turn, state, resolver())
    state.close()
    assert [topics.done] == rebuilt
    assert stood == topics.committed


def test_who_is_erased_is_not_rebuilt(tmp_path: Path) -> None:
    people = town(10, 10)
    topics = run(tmp_path / "old", [claims(**fields) for fields in people])
    gone = {claims(**fields).customer_ref for fields in people[::3]}
    for topic in (RECORDS.name, LINKS.name):
        topics.committed[topic] += [Message(topic, one.encode(), None) for one in sorted(gone)]
    state = State(tmp_path / "new")
    follow(topics.turn(), state)
    state.close()
    left = [fields for fields in people if claims(**fields).customer_ref not in gone]
    values = {k: v for k, v in topics.values(LINKS.name).items() if v is not None}
    found = [avro.decode(v, Link) for v in values.values()]
    assert expected(left) == {x.customer_ref: (x.person, x.own_person) for x in found}


def test_a_new_version_of_the_keys_joins_what_the_old_one_knew(tmp_path: Path) -> None:
    people = town(11, 20)
    half = len(people) // 2
    topics = run(tmp_path, [claims(**fields) for fields in people[:half]])
    records = len(topics.committed[RECORDS.name])
    newer = Keys(KEYS.ids, (*KEYS.versions, b"2" * 32))
    topics.claims += messages(claims_by(newer, **fields) for fields in people[half:])
    # what was on its way when the key was made
    topics.claims += messages(claims(**fields) for fields in people[half::2])
    state = State(tmp_path)
    follow(topics.turn(), state, newer)
    state.close()
    assert expected(people, newer) == linked(topics)
    found = [avro.decode(v or b"", CustomerRecord) for v in topics.values(RECORDS.name).values()]
    assert {"2"} == {name[-1] for record in found for name in record.match_keys}
    assert len(topics.committed[RECORDS.name]) == records + len(found)


def test_a_key_of_an_unknown_version_stops_it(state: State) -> None:
    newer = Keys(KEYS.ids, (*KEYS.versions, b"2" * 32))
    topics = MemoryTopics(messages([claims_by(newer, email=MAIL)]))
    with pytest.raises(LookupError, match="version"):
        follow(topics.turn(), state)
    assert {} == topics.committed


def test_what_is_no_claim_is_passed_over(state: State) -> None:
    good = messages([claims(email=MAIL, number="7"), claims(email=MAIL, phone="92345678")])
    topics = MemoryTopics([Message("t", b"k", None), good[0], Message("t", b"k", b"no"), good[1]])
    follow(topics.turn(), state)
    assert 4 == topics.done
    assert 1 == len(set(linked(topics).values()))


def test_two_processes_of_one_folder_have_states_of_their_own(tmp_path: Path) -> None:
    one, other = State(tmp_path), State(tmp_path)
    with one.change() as change, other.change() as more:
        change.put_link(b"r" * 16, b"l" * 16)
        assert more.link(b"r" * 16) is None
    one.close()
    again = State(tmp_path)
    with again.change() as change:
        assert b"l" * 16 == change.link(b"r" * 16)
    again.close()
    other.close()


def test_a_broken_state_is_begun_anew(tmp_path: Path) -> None:
    people = town(12, 5)
    topics = run(tmp_path, [claims(**fields) for fields in people])
    (tmp_path / "0" / "data.mdb").write_bytes(b"no tree at all" * 1000)
    state = State(tmp_path)
    with state.change() as change:
        assert change.reflects is None
    follow(topics.turn(), state)
    state.close()
    assert expected(people) == linked(topics)


def test_many_is_what_the_hubs_here_have() -> None:
    assert MANY < len("abcdefghij")
