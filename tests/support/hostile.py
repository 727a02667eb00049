"""What is sent by whoever means harm, and calls from within and from elsewhere."""

from tests.support.doors import INSIDE, OUTSIDE, PROXY


def entities(levels: int, wide: int) -> bytes:
    """Return XML whose entities grow to *wide* ** *levels* (a billion laughs)."""
    text = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * wide if n else "KUDOS"}">' for n in range(levels)
    )
    return f"<?xml version='1.0'?><!DOCTYPE a [{text}]><a>&a{levels - 1};</a>".encode()


HOSTILE: dict[str, bytes] = {
    "deep list": b"[" * 8_000 + b"]" * 8_000,
    "deep object": b'{"a":' * 8_000 + b"1" + b"}" * 8_000,
    "deep and torn": b"[" * 20_000,
    "deep in a list": b"[{}," + b"[" * 5_000 + b"]" * 5_000 + b"]",
    "deep elements": b"<a>" * 8_000 + b"</a>" * 8_000,
    "deep and torn elements": b"<a>" * 20_000,
    "billion laughs": entities(12, 10),
    "quadratic": b'<!DOCTYPE a [<!ENTITY a "'
    + b"K" * 30_000
    + b'">]><a>'
    + b"&a;" * 5_000
    + b"</a>",
    "file": b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><a>&a;</a>',
    "address": b'<!DOCTYPE a [<!ENTITY a SYSTEM "http://127.0.0.1:9/a">]><a>&a;</a>',
    "parameter": b'<!DOCTYPE a [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a"> %a;]><a/>',
    "types in UTF-16": entities(12, 10).decode().encode("utf-16"),
    "include": b'<a xmlns:x="http://www.w3.org/2001/XInclude">'
    b'<x:include href="/etc/hostname"/></a>',
    "long number": b'[{"a": ' + b"9" * 50_000 + b"}]",
    "large exponent": b'[{"a": 1e999999999}, {"a": -1E-999999999}]',
    "one name": b"{" + b",".join(b'"a": 1' for _ in range(2_000)) + b"}",
    "many names": b"{" + b",".join(b'"a%d": 1' % n for n in range(4_000)) + b"}",
    "quotes": b'"' * 60_000,
    "backslashes": b'["' + b"\\" * 60_000,
    "commas": b"," * 60_000,
    "lines": b"\n{" * 5_000,
    "NUL": b"\0" * 60_000,
    "not text": bytes(range(256)) * 200,
}

#: Who calls, what is forwarded, and whether it comes from within; the proxies are 10.0.0.0/8.
CALLS: list[tuple[str, list[str], bool]] = [
    (INSIDE, [], True),
    (f"::ffff:{INSIDE}", [], True),
    ("2001:db8::1", [], True),
    (OUTSIDE, [], False),
    ("2001:db9::1", [], False),
    (PROXY, [], False),
    ("testclient", [], False),
    # nobody but a proxy of ours may say for whom it calls
    (OUTSIDE, [INSIDE], False),
    (INSIDE, [OUTSIDE], True),
    (PROXY, [INSIDE], True),
    (PROXY, [f"{INSIDE}:4711"], True),
    (PROXY, ["[2001:db8::1]:4711"], True),
    (PROXY, [OUTSIDE], False),
    # and what stands before what it says, the caller has written itself
    (PROXY, [f"{INSIDE}, {OUTSIDE}"], False),
    (PROXY, [INSIDE, OUTSIDE], False),
    (PROXY, [f"{OUTSIDE}, {INSIDE}"], True),
    (PROXY, [f"{INSIDE}, 10.1.1.1"], True),
    (PROXY, [f"{INSIDE}, unknown"], False),
    (PROXY, [f"{INSIDE}, "], False),
]
