"""
The pictures of a brief, as SVG text.

Every function takes labels already in the reader's language and returns an SVG that holds its text
as text, needs nothing from outside, and is the same byte for byte for the same numbers. Nothing
touches Matplotlib's global state. A value of None is one that cannot be told: it is shown as such.
Okabe-Ito colours for categories, cividis for quantities; no meaning hangs on colour alone.
"""

from __future__ import annotations

from workbench.briefs._drawing import OKABE_ITO, STYLE
from workbench.briefs._heatmap import heatmap
from workbench.briefs._lines import lines
from workbench.briefs._network import network
from workbench.briefs._ranking import ranking

__all__ = ["OKABE_ITO", "STYLE", "heatmap", "lines", "network", "ranking"]
