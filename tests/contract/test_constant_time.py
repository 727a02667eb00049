"""No secret is compared in a time that tells how much of it was right: the code is read."""

from pathlib import Path

import pytest

from tests.support.comparing import comparisons

ROOT = Path(__file__).parents[2]
#: Where what a sender shows is seen: all of ingest that stands before an adapter, and tokens.
CODE = sorted(
    path
    for folder, pattern in (
        ("services/ingest", "*.py"),
        ("services/ingest/soap", "*.py"),
        ("services/ingest/thin", "*.py"),
        ("services/query", "tokens.py"),
        ("services/query/dashboard", "session.py"),
    )
    for path in (ROOT / folder).glob(pattern)
)
#: What is compared and no sender can choose; each is seen, or the list is wrong.
HARMLESS = {
    "services/ingest/keyring.py: known.stamp == stamp": "when a file was written",
    "services/ingest/thin/subscriptions.py: told == digest": "our own secret with our own",
    "services/ingest/thin/working.py: known[0] != made_of": "our own register with itself",
}


def test_no_secret_is_compared_by_what_stops_at_the_first_difference() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in CODE
        for _, text in comparisons(path.read_text("utf-8"))
    }
    assert set(HARMLESS) == found


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        ("signature.py", "hmac.compare_digest(a, b)", "a == b"),
        (
            "signature.py",
            "sum(hmac.compare_digest(a, b) for a in ours for b in theirs) > 0",
            "any(one in theirs for one in ours)",
        ),
        (
            "soap/envelope.py",
            "addressed(call.password, keys) & named",
            "(call.password in keys) & named",
        ),
        (
            "soap/envelope.py",
            "addressed(call.password, keys) & named",
            "any(one.decode() == call.password for one in keys) & named",
        ),
        (
            "thin/businesscentral.py",
            "addressed(_state(one), keys)",
            "_state(one).encode() in keys",
        ),
        (
            "thin/businesscentral.py",
            "addressed(_state(one), keys)",
            "keys[0].startswith(_state(one))",
        ),
        ("pushes.py", "not addressed(secret, keys)", "secret.encode() not in keys"),
    ],
)
def test_the_check_sees_what_is_planted(path: str, right: str, wrong: str) -> None:
    source = (ROOT / "services" / "ingest" / path).read_text("utf-8")
    assert 1 == source.count(right)
    before = set(comparisons(source))
    assert len(set(comparisons(source.replace(right, wrong)))) == len(before) + 1


def test_the_check_follows_a_secret_under_another_name() -> None:
    source = """
def let_in(request, keys):
    first, number = keys[0], len(keys)
    if number == 2:
        pass
    shown = request.headers["x"]
    wanted = first.hex()
    return wanted == shown
"""
    assert [(8, "wanted == shown")] == list(comparisons(source))
