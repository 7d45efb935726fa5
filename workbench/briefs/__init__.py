"""
Decision briefs: numbers that know where they came from, prose without typed numbers, one document.

Jinja2 and Matplotlib come with the `brief` extra and are imported only where a brief is rendered
or a picture drawn.
"""

from __future__ import annotations

from workbench._text import Language, Text
from workbench.briefs._refuse import BadBrief
from workbench.briefs.brief import Brief, Link, Status
from workbench.briefs.evidence import DataRow, FileUsed, Reason, RunStamp
from workbench.briefs.parts import Answer, Confidence, Figure, Head, Row, Table
from workbench.briefs.phrase import Phrase, Words
from workbench.briefs.quantity import Quantity, Source

__all__ = [
    "Answer",
    "BadBrief",
    "Brief",
    "Confidence",
    "DataRow",
    "Figure",
    "FileUsed",
    "Head",
    "Language",
    "Link",
    "Phrase",
    "Quantity",
    "Reason",
    "Row",
    "RunStamp",
    "Source",
    "Status",
    "Table",
    "Text",
    "Words",
]
