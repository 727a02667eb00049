"""Structured logs: one JSON object a line on stderr, for machines first."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

log = logging.getLogger(__name__)

#: What every LogRecord has; the rest was given by ``extra`` and is printed.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "data"}


class JsonFormatter(logging.Formatter):
    """A line: time, level, service, logger, message, and what ``extra`` holds."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as JSON; of an exception only type and place: its text may quote."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {k: v for k, v in vars(record).items() if k not in _USUAL}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            frame = record.exc_info[2]
            while frame is not None and frame.tb_next is not None:
                frame = frame.tb_next
            if frame is not None:
                line["where"] = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(service: str, level: int = logging.INFO) -> None:
    """Log as *service*; libraries only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for ours in ("kudos", "services"):
        logging.getLogger(ours).setLevel(level)
    # what the interpreter prints of its own accord quotes: an error's text, a message's arguments
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = lambda a: _uncaught(a.exc_type, a.exc_value, a.exc_traceback)


def _uncaught(
    kind: type[BaseException], error: BaseException | None, place: TracebackType | None
) -> None:
    """Log what nobody caught: its type and place, and not its text."""
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("uncaught", exc_info=(kind, error, place) if error else None)
