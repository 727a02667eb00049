"""The open standard's examples in three languages send what ingest takes, over real HTTP."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.topics import RECEIVED
from tests.support.ingest import NEW, SECRETS, Ingest, sale
from tests.support.serving import served

DOCUMENT = (Path(__file__).parents[2] / "docs" / "open-standard.md").read_text("utf-8")
#: By the language of the block: who runs it, and a call of its ``send`` with address, file, secret.
LANGUAGES = {
    "python": (
        [sys.executable, "-c"],
        "import sys\nprint(send(sys.argv[1], open(sys.argv[2], 'rb').read(), sys.argv[3]))",
    ),
    "js": (
        ["node", "-e"],
        """const [url, file, secret] = process.argv.slice(1);
        send(url, require('node:fs').readFileSync(file, 'utf8'), secret).then(console.log)""",
    ),
    "sh": (["sh", "-c"], 'send "$1" "$2" "$3"'),
}
#: What a block needs beside who runs it.
NEEDS = {"sh": ("curl", "openssl", "od")}


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    found = Ingest(tmp_path)
    # the senders go by the clock of this machine
    found.at = datetime.now(UTC)
    return found


@pytest.fixture
def address(ingest: Ingest) -> Iterator[str]:
    with served(ingest.app) as found:
        yield f"{found}/v1/hooks/tixly/hus"


def test_every_example_that_can_be_run_is() -> None:
    shown = re.findall(r"^```(\w+)$", DOCUMENT, re.MULTILINE)
    assert {"json", "csharp", *LANGUAGES} == set(shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_sends_what_is_taken(
    language: str, address: str, ingest: Ingest, tmp_path: Path
) -> None:
    (runs, call), needs = LANGUAGES[language], NEEDS.get(language, ())
    if missing := [one for one in (runs[0], *needs) if shutil.which(one) is None]:
        pytest.skip(f"there is no {missing[0]} here to run the example with")
    (text,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    # æøå, a backslash, no line's end
    file = tmp_path / "sent.json"
    told = "B-Å\\1"
    file.write_text(json.dumps(sale(told, version=1), ensure_ascii=False), "utf-8")

    def sent(secret: str) -> str:
        command = [*runs, f"{text}\n{call}", *(["send"] if language == "sh" else [])]
        ran = subprocess.run(
            [*command, address, str(file), secret],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return (ran.stdout + ran.stderr).strip()

    assert "202" == sent(SECRETS[NEW])
    [message] = ingest.sink.topics[RECEIVED.name]
    received = avro.decode(message.value or b"", ReceivedTransaction)
    assert told == received.transaction.transaction
    assert "401" in sent("whsec_" + "A" * 32)
    assert 1 == len(ingest.sink.topics[RECEIVED.name])
