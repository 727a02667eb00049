"""PCKasse's calls as they are read, and what they are answered.

DOC ("Webshop integration 1.2"): SOAP 1.1, login and password in every call; calls are queued, and
one that failed is sent again. SEEN: the operations and the names of the answers. ASSUMED: that an
answer but getOrders' is an ``insertUpdate`` itself, and that 0 is success.
"""

import hmac
from collections.abc import Sequence
from xml.sax.saxutils import escape  # it writes; what is read goes through trees

from msgspec import Struct

from kudos.errors import Reason, Rejected
from services.ingest.adapters import trees
from services.ingest.signature import addressed

NAMESPACE = "http://webservice.webshop.deltasoft.no/"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
#: What each operation says is answered, and which of a call's numbers names what it tells of.
_TOLD = {
    "sendArticle": "articleId",
    "updateStock": "articleId",
    "sendCustomerInfo": "deltaCustomerId",
    "UpdatePackageInfo": "deltaOrderId",
    "CreditOrder": "deltaOrderId",
}
OPERATIONS = frozenset({*_TOLD, "getOrders", "updateOrderStatus"})


class Call(Struct, frozen=True):
    """One call; *told* is the number of what it tells of, 0 where there is none."""

    operation: str
    login: str
    password: str
    told: str


def called(body: bytes) -> Call:
    """Return the call in *body*, or raise Rejected."""
    root = trees.tree(body)
    inner = trees.child(root, "Body")
    calls = [] if inner is None else list(inner)
    if trees.name(root) != "Envelope" or len(calls) != 1:
        raise Rejected(Reason.UNREADABLE, "no SOAP envelope with one call")
    call = calls[0]
    name = trees.name(call)
    if name not in OPERATIONS:
        raise Rejected(Reason.INVALID_FIELD, "Body: no operation of this service")
    login, password = trees.text(call, "login"), trees.text(call, "password")
    return Call(name, login or "", password or "", _number(call, _TOLD.get(name, "")))


def _number(call: trees.Element, named: str) -> str:
    found = (trees.text(one) for one in call.iter() if trees.name(one) == named)
    said = next(found, None) or ""
    return said if said.isascii() and said.isdigit() and len(said) < 19 else "0"


def knows(call: Call, login: object, keys: Sequence[bytes]) -> bool:
    """Tell whether *call* is of who has *login* and one of *keys*; both are always compared."""
    named = hmac.compare_digest(call.login.encode(), str(login).encode())
    return addressed(call.password, keys) & named & (login is not None)


def answer(call: Call) -> bytes:
    """Return what is answered once all that *call* told is stored."""
    done = (
        f"<deltaId>{call.told}</deltaId><errorHelpLink/><errorMessage/><humanErrorMessage/>"
        "<operationResult>0</operationResult>"
    )
    if call.operation == "getOrders":
        # orders are the shop's to hand out: here are none
        done = f"<insertUpdate>{done}</insertUpdate>"
    elif call.operation == "updateOrderStatus":
        # nothing was captured here; the name is misspelt in the WSDL
        done = "<amount>0.00</amount><authorzationId/>"
    name = f"ws:{call.operation}Response"
    return _envelope(f'<{name} xmlns:ws="{NAMESPACE}"><return>{done}</return></{name}>')


def fault(code: str, text: str) -> bytes:
    """Return a fault of *code*, Client or Server; *text* is ours and quotes nothing."""
    told = f"<faultcode>soapenv:{code}</faultcode><faultstring>{escape(text)}</faultstring>"
    return _envelope(f"<soapenv:Fault>{told}</soapenv:Fault>")


def _envelope(inner: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}"><soapenv:Body>{inner}</soapenv:Body>'
        "</soapenv:Envelope>\n"
    ).encode()
