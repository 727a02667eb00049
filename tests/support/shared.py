"""Material that is kept beside the project: real data with known answers, and vendors' samples."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"


def beside(path: str) -> Path:
    """Return what is beside the project; where it is not there the test is skipped and says so."""
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"{path} is not beside the project")
    return file
