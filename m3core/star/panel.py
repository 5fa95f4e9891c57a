"""One part of a star's page: a figure or a table, what it shows, and the numbers behind it."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

__all__ = ["Panel"]


@dataclass(frozen=True)
class Panel:
    """A figure with its caption and its data; a table where there is no figure; a sentence where there is neither.

    Attributes:
        key: unique on the page, safe as a file name and as a CSS class: letters, digits, '_' and '-'.
        title: plain text.
        figure: None where there is nothing to draw, or where `data` itself is what is shown.
        caption: what is shown and how it was made, plain text.
        data: what is drawn, a row a mark, units in the names of the columns.
        sentence: why there is no figure, plain text; '' where there is one or where the data are a table to read.
        hint: what a click on it does in the app, plain text: no part of a saved page.
    """

    key: str
    title: str
    figure: go.Figure | None
    caption: str
    data: pd.DataFrame
    sentence: str = ""
    hint: str = ""
