"""How a training goes: loss, and retrieval or a classifier's scores, over its steps."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from m3core.figures.palette import GREY, OKABE_ITO
from m3core.figures.text import plain

__all__ = ["loss_figure", "recall_figure", "score_figure"]

MAX_POINTS = 1000
"""Steps drawn of a long run: a line of more has no more to show."""

Metrics = Sequence[Mapping[str, Any]]
"""Lines of metrics.jsonl, oldest first."""


def loss_figure(steps: Metrics, epochs: Metrics, *, height: int = 320) -> go.Figure:
    """Loss of every step (thin), its mean over each epoch, the validation loss, and the best epoch so far."""
    figure = go.Figure()
    thinned = steps[:: max(1, -(-len(steps) // MAX_POINTS))]
    _line(
        figure, "step", [one["step"] for one in thinned], [one["loss"] for one in thinned], GREY, width=1, opacity=0.8
    )
    at = [one["step"] for one in epochs]
    _line(figure, "training, mean of epoch", at, [one["train_loss"] for one in epochs], OKABE_ITO[0])
    validation = [one.get("validation_loss") for one in epochs]
    if any(value is not None for value in validation):
        _line(figure, "validation", at, validation, OKABE_ITO[1])
    best = [one for one in epochs if one.get("best")]
    if best:
        value = best[-1].get("validation_loss")
        figure.add_trace(
            go.Scatter(
                x=[best[-1]["step"]],
                y=[best[-1]["train_loss"] if value is None else value],
                mode="markers",
                name=f"best, epoch {best[-1]['epoch']}",
                marker={"symbol": "star", "size": 13, "color": OKABE_ITO[4]},
            )
        )
    is_contrastive = any(one.get("losses") for one in steps)
    return _laid_out(figure, "Loss, all pairs summed" if is_contrastive else "Loss, cross-entropy", height)


def recall_figure(epochs: Metrics, *, k: int = 10, height: int = 320) -> go.Figure:
    """Retrieval recall@k of each pair of modalities over the epochs, validation split, with chance dashed."""
    figure = go.Figure()
    judged = [one for one in epochs if one.get("recall")]
    pairs = list(judged[0]["recall"]) if judged else []
    at = [one["step"] for one in judged]
    chance = f"chance@{k}"
    for number, pair in enumerate(pairs):
        name = pair.replace("__", " – ")
        values = [one["recall"].get(pair, {}).get(f"recall@{k}") for one in judged]
        _line(figure, name, at, values, OKABE_ITO[number % len(OKABE_ITO)])
    if pairs:
        values = [max(pair.get(chance, 0.0) for pair in one["recall"].values()) for one in judged]
        _line(figure, "chance", at, values, GREY, dash="dash")
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    return _laid_out(figure, f"Recall@{k}, validation split", height)


def score_figure(epochs: Metrics, *, height: int = 320) -> go.Figure:
    """Accuracy and balanced accuracy of a classifier over the epochs, validation split."""
    figure = go.Figure()
    judged = [one for one in epochs if one.get("scores")]
    at = [one["step"] for one in judged]
    for number, name in enumerate(("accuracy", "balanced_accuracy")):
        values = [one["scores"].get(name) for one in judged]
        _line(figure, name.replace("_", " "), at, values, OKABE_ITO[number])
    figure.update_yaxes(tickformat=".0%")
    return _laid_out(figure, "Score, validation split", height)


def _line(
    figure: go.Figure,
    name: str,
    x: list[Any],
    y: list[Any],
    colour: str,
    *,
    width: float = 2,
    opacity: float = 1.0,
    dash: str | None = None,
) -> None:
    mode = "lines+markers" if len(x) == 1 else "lines"
    line = {"color": colour, "width": width, "dash": dash}
    figure.add_trace(go.Scatter(x=x, y=y, mode=mode, name=plain(name), line=line, opacity=opacity))


def _laid_out(figure: go.Figure, y_title: str, height: int) -> go.Figure:
    rows_of_legend = -(-len(figure.data) // 3)
    figure.update_layout(
        height=height + 19 * max(0, rows_of_legend - 2),  # many pairs take no height from their curves
        margin={"l": 8, "r": 8, "t": 36, "b": 8},  # the bar of buttons is at the top
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
        hovermode="x unified",
        uirevision="training",
    )
    figure.update_xaxes(
        title_text="Step", rangemode="tozero", showline=True, linecolor=GREY, separatethousands=True, title_standoff=6
    )
    figure.update_yaxes(title_text=y_title, showline=True, linecolor=GREY, title_standoff=12, automargin=True)
    return figure
