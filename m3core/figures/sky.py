"""The sky: all of it in Mollweide's projection, or a field in plain degrees. Longitude increases to the left.

At a pole, where degrees of longitude mean nothing, a field is drawn by its offsets from its centre.
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.diagrams.colouring import Categories, Colouring
from m3core.figures.blank import axis, blank_figure, survey_layout
from m3core.figures.palette import GREY
from m3core.figures.points import point_traces
from m3core.sky.projection import Field, Frame, centre_longitude, field_of, mollweide, offsets, to_frame

__all__ = ["sky_figure"]

NAMES = {"equatorial": ("Right ascension", "Declination"), "galactic": ("Galactic longitude l", "Galactic latitude b")}
SHORT = {"equatorial": ("RA", "Dec"), "galactic": ("l", "b")}
STEP = 30
POLAR = 85.0
"""Degrees of latitude: a field that reaches beyond is drawn by offsets."""
HEIGHT = 440
LINE = {"color": GREY, "width": 0.6}


def sky_figure(
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
    source_ids: NDArray[Any],
    colours: Colouring,
    *,
    frame: Frame = "equatorial",
    whole: bool = True,
    log: bool = False,
    selected: NDArray[np.bool_] | None = None,
    revision: str = "sky",
) -> go.Figure:
    """Sources on the sky, ids in customdata; those without a position are left out.

    Args:
        ra, dec: (N,) ICRS degrees, NaN where unknown.
        frame: equatorial (ICRS) or galactic.
        whole: the whole sky (Mollweide, equal areas), or the field that the sources fill.
        log, selected: as in `m3core.figures.points.point_traces`.
    """
    known = np.isfinite(ra) & np.isfinite(dec)
    if not known.any():
        return blank_figure("No source of this survey has a position, so there is no map of the sky.", height=HEIGHT)
    longitude, latitude = np.full(len(ra), np.nan), np.full(len(ra), np.nan)
    longitude[known], latitude[known] = to_frame(ra[known], dec[known], frame)
    figure = go.Figure()
    legend = isinstance(colours, Categories)
    layout = survey_layout(height=HEIGHT, revision=revision, legend=legend)
    if whole:
        centre = centre_longitude(longitude[known], frame)
        xy = np.full((len(ra), 2), np.nan)
        xy[known] = np.column_stack(mollweide(longitude[known], latitude[known], centre))
        _graticule(figure, centre)
        layout |= _whole_axes(frame, centre)
        layout["annotations"] = _tick_labels(centre, _emptiest(latitude[known]))
    elif abs((field := field_of(longitude[known], latitude[known])).latitude) + field.radius > POLAR:
        xy = np.full((len(ra), 2), np.nan)
        xy[known] = np.column_stack(offsets(longitude[known], latitude[known], field))
        layout |= _polar_axes(field)
    else:
        # unwrapped round the centre: a field may lie across longitude 0
        xy = np.column_stack([np.mod(longitude - field.longitude + 180, 360) - 180 + field.longitude, latitude])
        layout |= _field_axes(frame, field.latitude, xy[known, 0])
    names = SHORT[frame]
    places = np.array(
        [f"{names[0]} {one:.4f}, {names[1]} {two:+.4f} deg" for one, two in zip(longitude, latitude, strict=True)]
    )
    figure.add_traces(point_traces(xy, source_ids, colours, log=log, selected=selected, details=places))
    figure.update_layout(**layout)
    return figure


def _graticule(figure: go.Figure, centre: float) -> None:
    """Meridians and parallels as lines, in two traces that carry no source."""
    edge = 179.999  # a half turn is one edge or the other
    turn = np.linspace(-edge, edge, 121)
    rise = np.linspace(-90.0, 90.0, 61)
    parallels = [(turn + centre, np.full(len(turn), latitude)) for latitude in np.arange(-90.0 + STEP, 90.0, STEP)]
    meridians = [
        (np.full(len(rise), centre + longitude), rise)
        for longitude in (-edge, *np.arange(-180 + STEP, 180, STEP), edge)
    ]
    for lines in (parallels, meridians):
        xy = [np.column_stack([*mollweide(longitude, latitude, centre)]) for longitude, latitude in lines]
        joined = np.concatenate([np.vstack([line, [[np.nan, np.nan]]]) for line in xy])
        figure.add_trace(
            go.Scatter(
                x=joined[:, 0], y=joined[:, 1], mode="lines", line=LINE, opacity=0.6, hoverinfo="skip", showlegend=False
            )
        )


def _emptiest(latitude: NDArray[np.float64]) -> float:
    """The equator, or a parallel beside it where there are fewer sources: what is written on it hides them."""
    return min((0.0, -30.0, 30.0), key=lambda one: int((np.abs(latitude - one) < 8).sum()))


def _tick_labels(centre: float, parallel: float) -> list[dict[str, Any]]:
    """Longitudes along a parallel, latitudes at the left edge."""
    style = {"showarrow": False, "font": {"size": 11, "color": GREY}}
    # they may lie upon sources: on a ground of their own they are read on either theme
    over = {**style, "font": {"size": 11, "color": "#FFFFFF"}, "bgcolor": "rgba(90,95,104,0.85)", "borderpad": 1}
    longitudes = np.arange(-180.0 + 2 * STEP, 180.0, 2 * STEP)
    x, y = mollweide(longitudes + centre, np.full(len(longitudes), parallel), centre)
    labels = [
        {"x": one, "y": two, "text": f"{(centre + longitude) % 360:.0f}°", **over}
        for one, two, longitude in zip(x, y, longitudes, strict=True)
    ]
    latitudes = np.arange(-90.0 + STEP, 90.0, STEP)
    x, y = mollweide(np.full(len(latitudes), centre + 179.999), latitudes, centre)
    labels += [
        {"x": one, "y": two, "text": f"{latitude:+.0f}°".replace("+0°", "0°"), "xshift": -18, **style}
        for one, two, latitude in zip(x, y, latitudes, strict=True)
    ]
    return labels


def _whole_axes(frame: Frame, centre: float) -> dict[str, Any]:
    bare = {"showticklabels": False, "ticks": "", "showgrid": False, "showline": False}
    names = NAMES[frame]
    return {
        "xaxis": axis(
            f"{names[0]} [deg], increasing to the left; Mollweide, equal areas",
            range=[-178, 166],
            constrain="domain",
            **bare,
        ),
        "yaxis": axis(f"{names[1]} [deg]", range=[-84, 84], scaleanchor="x", scaleratio=1, **bare),
    }


def _polar_axes(field: Field) -> dict[str, Any]:
    """Offsets, as long in both directions; where the centre lies."""
    centre = f"{field.longitude:.3f} {field.latitude:+.3f} deg"
    return {
        "xaxis": axis(f"East of {centre} [deg]", autorange="reversed", constrain="domain"),
        "yaxis": axis("North of it [deg]", scaleanchor="x", scaleratio=1, constrain="domain"),
    }


def _field_axes(frame: Frame, latitude: float, longitude: NDArray[np.float64]) -> dict[str, Any]:
    """Degrees on both axes, as long on the sky as they are drawn in the middle of the field.

    Args:
        longitude: (n,) as they are drawn: below 0 or above 360 where the field lies across longitude 0.
    """
    names = NAMES[frame]
    shrink = max(np.cos(np.radians(latitude)), 0.05)
    low, high = float(longitude.min()), float(longitude.max())
    ticks: dict[str, Any] = {}
    if low < 0 or high >= 360:  # plotly would go on counting
        step = 10.0 ** np.floor(np.log10(max(high - low, 1e-6)))
        step = next(one for one in (step / 2, step, 2 * step, 5 * step) if (high - low) / one <= 6)
        at = np.arange(np.ceil(low / step - 1), high / step + 1) * step
        ticks = {"tickvals": at.tolist(), "ticktext": [f"{one % 360:.6g}" for one in np.round(at, 8)]}
    return {
        "xaxis": axis(f"{names[0]} [deg]", autorange="reversed", constrain="domain", **ticks),
        "yaxis": axis(f"{names[1]} [deg]", scaleanchor="x", scaleratio=1 / shrink, constrain="domain"),
    }
