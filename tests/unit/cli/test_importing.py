"""Files of a vendor, as messages: what is broken off goes on, and a repeat changes nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kudos import avro
from kudos.cli import importing
from kudos.cli.importing import Feed, Import, Journal, beginning, content
from kudos.records import ReceivedTransaction
from kudos.register import parse
from kudos.sealing import Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from kudos.topics import LARGEST_LETTER, RECEIVED
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.files import Unreadable
from tests.support.ingest import PLAIN, REGISTER, sale
from tests.support.memory import MemorySink

FIXTURES = Path(__file__).parents[1] / "ingest" / "fixtures"
NOW = datetime(2026, 5, 20, tzinfo=UTC)


class Desk:
    """An import on a broker in memory, with its journal."""

    def __init__(self, folder: Path, sink: MemorySink, adapter: Adapter = PLAIN) -> None:
        register, public = parse(REGISTER), new_key_pair()[1]
        origin = Origin(register.organisations["hus"], register.feeds["tixly", "hus"])
        self.sink, self.kept = sink, folder / "journal.json"
        dead = DeadLetters("ingest", Sealer(public), lambda _reason: None, Limit(float("inf")))
        self.importing = Import(Feed(origin, adapter, None), Sealer(public), dead, sink)

    def take(self, path: Path, now: datetime = NOW, *, as_new: bool = False) -> Journal:
        begun = beginning(self.kept, now, as_new=as_new)
        return self.importing.take(path, content(path), begun, self._keep)

    def _keep(self, journal: Journal) -> None:
        importing._keep(self.kept, journal)  # noqa: SLF001 (as the command does)


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def desk(tmp_path: Path, sink: MemorySink, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(importing, "_CHUNK", 10)
    return Desk(tmp_path, sink)


def export(folder: Path, rows: Sequence[object]) -> Path:
    path = folder / "export.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def stamps(messages: Sequence[Message]) -> list[tuple[str, datetime]]:
    found = (avro.decode(m.value or b"", ReceivedTransaction) for m in messages)
    return [(r.transaction.transaction, r.received_at) for r in found]


def test_counts_what_it_took(desk: Desk, sink: MemorySink, tmp_path: Path) -> None:
    rows = [sale("1"), sale("2", bad=1), {"draft": 1}, {"person": "kari@example.no"}, "Kari"]
    ended = desk.take(export(tmp_path, rows))
    counts = ended.counts
    assert (3, 2, 2) == (counts.accepted, counts.dead, counts.ignored)
    assert ended.whole
    assert 2 == len(sink.topics[f"{RECEIVED.name}.dead"])


def test_a_repeat_is_received_when_it_was_first(
    desk: Desk, sink: MemorySink, tmp_path: Path
) -> None:
    """Else an old export would replace what came since, where the vendor marks no version."""
    path = export(tmp_path, [sale(str(n % 7)) for n in range(25)])
    first = desk.take(path)
    before = stamps(sink.topics[RECEIVED.name])
    assert before == sorted(before, key=lambda one: one[1]), "a later row is received later"
    assert [NOW + timedelta(microseconds=n) for n in range(25)] == [at for _, at in before]
    again = desk.take(path, NOW + timedelta(days=30))
    assert again.again
    assert first.counts == again.counts
    assert before + before == stamps(sink.topics[RECEIVED.name])
    assert len({(m.key, m.headers) for m in sink.stored}) == 25


def test_as_new_is_received_now(desk: Desk, sink: MemorySink, tmp_path: Path) -> None:
    path = export(tmp_path, [sale("1")])
    desk.take(path)
    later = NOW + timedelta(days=1)
    assert later == desk.take(path, later, as_new=True).received_at
    assert [NOW, later] == [at for _, at in stamps(sink.topics[RECEIVED.name])]


def test_what_was_broken_off_goes_on(
    desk: Desk, sink: MemorySink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export(tmp_path, [sale(str(n)) for n in range(35)])
    flush = sink.flush

    def broken() -> None:
        sink.away = sink.flushes == 2
        flush()

    monkeypatch.setattr(sink, "flush", broken)
    with pytest.raises(ConnectionError):
        desk.take(path)
    assert 20 == len(sink.stored)
    monkeypatch.setattr(sink, "flush", flush)
    sink.away = False
    begun = beginning(desk.kept, NOW + timedelta(hours=1), as_new=False)
    assert (20, NOW, False) == (begun.done, begun.received_at, begun.again)
    ended = desk.take(path, NOW + timedelta(hours=1))
    assert (35, 35) == (ended.counts.accepted, ended.done)
    assert [str(n) for n in range(35)] == [number for number, _ in stamps(sink.stored)]
    assert 35 == len({at for _, at in stamps(sink.stored)})


def test_xml_that_was_broken_off_goes_on(
    desk: Desk, sink: MemorySink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, sink, ADAPTERS["saft"])
    body = (FIXTURES / "saft" / "empty.xml").read_text("utf-8")
    receipts = "".join(
        f"<cashtransaction><transID>{n}</transID><transDate>2026-02-14</transDate><ctLine>"
        "<lineID>1</lineID><lineAmntIn>75.50</lineAmntIn></ctLine></cashtransaction>"
        for n in range(35)
    )
    path = tmp_path / "saft.xml"
    path.write_text(body.replace("</cashregister>", f"{receipts}</cashregister>"), "utf-8")
    flush = sink.flush

    def broken() -> None:
        sink.away = sink.flushes == 2
        flush()

    monkeypatch.setattr(sink, "flush", broken)
    with pytest.raises(ConnectionError):
        desk.take(path)
    monkeypatch.setattr(sink, "flush", flush)
    sink.away = False
    ended = desk.take(path, NOW + timedelta(hours=1))
    assert (35, 35, 0) == (ended.counts.accepted, ended.done, ended.counts.dead)
    assert [f"K_7/22-104-{n}" for n in range(35)] == [one for one, _ in stamps(sink.stored)]


def test_another_file_or_mapping_is_another_import(tmp_path: Path) -> None:
    path = export(tmp_path, [sale("1")])
    name = content(path, "tixly", "hus", "mapping")
    path.rename(tmp_path / "moved")
    assert name == content(tmp_path / "moved", "tixly", "hus", "mapping")
    assert name != content(tmp_path / "moved", "tixly", "hus", "another")
    assert name != content(tmp_path / "moved", "tixly", "husmapping")
    assert name != content(export(tmp_path, [sale("2")]), "tixly", "hus", "mapping")


def test_a_record_that_no_letter_could_hold_is_told(
    desk: Desk, sink: MemorySink, tmp_path: Path
) -> None:
    path = export(tmp_path, [sale("1"), sale("2", text="x" * LARGEST_LETTER)])
    with pytest.raises(Unreadable, match="record 2 is larger"):
        desk.take(path)
