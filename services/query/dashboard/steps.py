"""How far figures are: tables are not always equally far, and what mixes them has to say so."""

from collections.abc import Iterable
from datetime import datetime

from kudos.register import OSLO
from services.query.answer import Answer
from services.query.dashboard.wording import Texts

#: Tables that are so many seconds apart go together: each is computed some times a minute.
TOGETHER_S = 5.0


def oldest(answers: Iterable[Answer]) -> datetime | None:
    """Return before when everything received is in all of *answers*, but for those not computed."""
    return min((one.as_of for one in answers if one.as_of), default=None)


def newest(answers: Iterable[Answer]) -> datetime | None:
    """Return before when everything received is in the one of *answers* that is furthest."""
    return max((one.as_of for one in answers if one.as_of), default=None)


def is_behind(answer: Answer, furthest: datetime | None) -> bool:
    """Tell whether *answer* lacks something that another, which is *furthest*, already has."""
    if furthest is None:
        return False
    return answer.as_of is None or (furthest - answer.as_of).total_seconds() > TOGETHER_S


def is_known(answer: Answer, furthest: datetime | None) -> bool:
    """Tell whether the values of *answer* may be shown: a 0 that is behind may be no 0 at all."""
    if not is_behind(answer, furthest):
        return True
    return answer.as_of is not None and any(cell.value for cell in answer.cells)


def say(texts: Texts, answer: Answer, furthest: datetime | None) -> str | None:
    """Say that *answer* is behind; None where it is not."""
    if not is_behind(answer, furthest):
        return None
    if answer.as_of is None:
        return texts("steps.not_computed")
    return texts("steps.behind", at=f"{answer.as_of.astimezone(OSLO):%H:%M:%S}")
