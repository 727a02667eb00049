"""A small register for who starts with none: three houses, one for each way in."""

import hashlib
import secrets
from base64 import b64encode
from pathlib import Path

from kudos.local.secrets import write

_HOUSES = (
    ("eksempel-teater", "Eksempel Teater", "scenekunst", "03", "0301", "homemade"),
    ("eksempel-orkester", "Eksempel Orkester", "orkester", "46", "4601", "tixly"),
    ("eksempel-festival", "Eksempelfestivalen", "festival", "50", "5001", "hoopla"),
)

_HOUSE = """\
[[organisation]]
id = "{id}"
name = "{name}"
industry = "{industry}"
county = "{county}"
city = "{city}"
owner = "{id}"
  [[organisation.vendor]]
  id = "{vendor}"
  secrets = ["{vendor}.{id}.1"]

[[token]]
sha256 = "{hash}"
role = "organisation"
organisation = "{id}"

"""


def make(folder: Path, secret_folder: Path) -> Path:
    """Write a register, its vendors' secrets and its tokens (``tokens.txt``); return its path."""
    path = folder / "organisations.toml"
    if path.is_file():
        return path
    text, tokens = "", []
    for id_, name, industry, county, city, vendor in _HOUSES:
        token = secrets.token_urlsafe(24)
        tokens.append(f"{id_} {token}")
        write(secret_folder / "ingest" / f"{vendor}.{id_}.1", new_vendor_secret())
        text += _HOUSE.format(
            id=id_,
            name=name,
            industry=industry,
            county=county,
            city=city,
            vendor=vendor,
            hash=hashlib.sha256(token.encode()).hexdigest(),
        )
    operator = secrets.token_urlsafe(24)
    tokens.append(f"operator {operator}")
    digest = hashlib.sha256(operator.encode()).hexdigest()
    text += f'[[token]]\nsha256 = "{digest}"\nrole = "operator"\n'
    write(folder / "tokens.txt", "\n".join(tokens))
    path.write_text(text, "utf-8")
    return path


def new_vendor_secret() -> str:
    """Return a secret as Standard Webhooks writes them."""
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()
