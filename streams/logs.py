"""The log of a process: one line a message, on stderr."""

import logging
import sys

import structlog

from models.settings import Settings

QUIET = ("aiokafka", "faust", "mode")
"""Libraries that write thousands of lines while a broker is away; what matters of it the product says itself."""


def configure(settings: Settings) -> None:
    """Set up structlog and the standard log; once a process."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    human = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    machine = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(machine if settings.log_format == "json" else [human]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
