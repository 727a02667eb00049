"""Files of a vendor, as messages: what is broken off goes on, and a repeat changes nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from kudos import avro
from kudos.cli import importer, importing
from kudos.cli.importer import Feed, Import, TooManyRefused
from kudos.cli.journal import Journal, beginning, content, keep
from kudos.errors import KudosError, Reason, Rejected
from kudos.records import ReceivedTransaction
from kudos.register import parse
from kudos.sealing import Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message, TooManyRejections
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

    def __init__(
        self,
        folder: Path,
        sink: MemorySink,
        adapter: Adapter = PLAIN,
        most_rejected: float = float("inf"),
    ) -> None:
        register, public = parse(REGISTER), new_key_pair()[1]
        origin = Origin(register.organisations["hus"], register.feeds["tixly", "hus"])
        self.sink, self.kept = sink, folder / "journal.json"
        dead = DeadLetters("ingest", Sealer(public), lambda _reason: None, Limit(most_rejected))
        self.importing = Import(Feed(origin, adapter, None), Sealer(public), dead, sink)

    def take(self, path: Path, now: datetime = NOW, *, as_new: bool = False) -> Journal:
        begun = beginning(self.kept, now, as_new=as_new)
        return self.importing.take(path, content(path), begun, partial(keep, self.kept))


#: As an adapter is once it is mended.
READS_ALL = replace(PLAIN, parse=lambda record, origin: PLAIN.parse(_mended(record), origin))


def _mended(record: bytes) -> bytes:
    told = json.loads(record)
    told.pop("bad", None)
    return json.dumps(told).encode()


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def desk(tmp_path: Path, sink: MemorySink, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(importer, "_CHUNK", 10)
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


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "_CHUNK", 10)


@pytest.mark.usefixtures("chunks")
def test_too_many_refused_in_a_row_end_it_and_are_not_drained(
    sink: MemorySink, tmp_path: Path
) -> None:
    """12 good ones, 4 bad, a good one, and then bad ones alone: 3 of a piece, 4 of the next."""
    rows = [sale(str(n)) for n in range(12)] + [sale(str(n), bad=1) for n in range(12, 16)]
    rows += [sale("16")] + [sale(str(n), bad=1) for n in range(17, 60)]
    path, dead = export(tmp_path, rows), f"{RECEIVED.name}.dead"
    with pytest.raises(TooManyRefused, match="records 18 to 24, 7 in a row") as told:
        Desk(tmp_path, sink, most_rejected=6).take(path)
    assert "were refused: invalid_field: bad" in str(told.value)
    sink.flush()  # as a producer does of itself
    # of those that ended it only what was acknowledged before is there
    assert (13, 4 + 3) == (len(sink.topics[RECEIVED.name]), len(sink.topics[dead]))
    # given again it ends again, and later: what was noted is not read again
    again = MemorySink()
    with pytest.raises(TooManyRefused, match="records 21 to 27, 7 in a row"):
        Desk(tmp_path, again, most_rejected=6).take(path)
    again.flush()
    assert not again.stored

    # the adapter was mended: it goes on behind the 20 that are noted
    mended = MemorySink()
    desk = Desk(tmp_path, mended, READS_ALL)
    ended = desk.take(path)
    assert (60, 60) == (ended.done, ended.counts.accepted)
    assert [str(n) for n in range(20, 60)] == [n for n, _ in stamps(mended.topics[RECEIVED.name])]


def test_the_reasons_of_a_row_are_told_where_they_differ() -> None:
    limit, found = Limit(4), [Rejected(Reason.INVALID_FIELD, f"$.f{n % 5}") for n in range(9)]
    limit.note(rejected=True, why=Rejected(Reason.UNREADABLE, "another row"))
    limit.note(rejected=False)
    for why in (found[0], *found[:3]):
        limit.note(rejected=True, why=why)
    with pytest.raises(TooManyRejections) as told:
        limit.note(rejected=True, why=found[3])
    assert (5, found[:3], found[3]) == (told.value.row, [*told.value.first], told.value.last)


@pytest.mark.usefixtures("chunks")
def test_the_command_says_how_many_why_and_how_to_go_on(
    sink: MemorySink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = REGISTER.replace('"tixly"', '"homemade"', 1)
    (tmp_path / "organisations.toml").write_text(text, "utf-8")
    secrets = tmp_path / "secrets" / "ingest"
    secrets.mkdir(parents=True)
    for reader in ("identity", "replay"):
        (secrets / f"seal.{reader}.public").write_text(new_key_pair()[1], "utf-8")
    monkeypatch.setenv("KUDOS_KAFKA", "127.0.0.1:9")
    monkeypatch.setenv("KUDOS_ORGANISATIONS", str(tmp_path / "organisations.toml"))
    monkeypatch.setenv("KUDOS_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("KUDOS_CLICKHOUSE", "http://127.0.0.1:9/kudos")
    monkeypatch.setattr(importing, "KafkaSink", lambda *_, **__: sink)
    line = {"line": "1", "quantity": 1, "unit_price": "10.00"}
    good = {"transaction": "A", "version": 1, "sold_at": "2026-05-17", "lines": [line]}
    bad = good | {"sold_at": "Kari Nordmann"}
    path = export(tmp_path, [good] * 11 + [bad] * 30)
    arguments = ["homemade", "hus", str(path), "--data", str(tmp_path), "--most-rejected", "5"]
    found = CliRunner().invoke(importing.command, arguments)
    assert isinstance(found.exception, KudosError)
    said = str(found.exception)
    assert said.startswith("export.jsonl: records 12 to 17, 6 in a row, were refused: ")
    assert "$.sold_at" in said
    assert "10 records are acknowledged" in said
    assert "Kari" not in said + found.output
    # whoever wants them as dead letters has them
    done = CliRunner().invoke(importing.command, [*arguments[:-1], "100"])
    assert 0 == done.exit_code, done.output
    assert "41 accepted, 30 of them dead" in done.output
