"""What the records of this domain have in common, in its own words."""

from __future__ import annotations

from pipelines.traffic.words import record_words
from workbench.briefs.recording import FUTURES, MANY, able, drawn_cells, ends_of, half_days, halves
from workbench.briefs.recording import Recorder as _Recorder

_RECORDER = _Recorder(record_words)
assumed, card, resampled, steps = _RECORDER.assumed, _RECORDER.card, _RECORDER.resampled, _RECORDER.steps
reason = _RECORDER.reason
unable, uncertain, vary, worth = _RECORDER.unable, _RECORDER.uncertain, _RECORDER.vary, _RECORDER.worth

__all__ = [
    "FUTURES",
    "MANY",
    "able",
    "assumed",
    "card",
    "drawn_cells",
    "ends_of",
    "half_days",
    "halves",
    "reason",
    "resampled",
    "steps",
    "unable",
    "uncertain",
    "vary",
    "worth",
]
