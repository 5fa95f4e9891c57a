"""Where the sources lie on the sky, in the plane of a figure: Mollweide for all of it, plain degrees for a field."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from numpy.typing import NDArray

__all__ = ["FIELD_RADIUS", "Frame", "centre_longitude", "field_of", "mollweide", "offsets", "to_frame"]

Frame = Literal["equatorial", "galactic"]

FIELD_RADIUS = 20.0
"""Degrees: sources that all lie so close to their common centre are better seen as a field than on the whole sky."""

Array = NDArray[np.float64]


def to_frame(ra: Array, dec: Array, frame: Frame) -> tuple[Array, Array]:
    """Longitude and latitude, degrees: ICRS as they are, or galactic l and b.

    Args:
        ra, dec: (n,) ICRS, degrees, all finite.
    """
    if frame == "equatorial":
        return np.mod(ra, 360.0), dec
    galactic = SkyCoord(ra * units.deg, dec * units.deg, frame="icrs").galactic
    return galactic.l.deg, galactic.b.deg


def centre_longitude(longitude: Array, frame: Frame) -> float:
    """The longitude in the middle of a map: the galactic centre; else 0 or 180 degrees, whichever tears less apart."""
    if frame == "galactic" or not len(longitude):
        return 0.0
    return 0.0 if np.cos(np.radians(longitude)).mean() >= 0 else 180.0


def mollweide(longitude: Array, latitude: Array, centre: float = 0.0) -> tuple[Array, Array]:
    """Mollweide's equal-area projection, longitude increasing to the left, by astropy's WCS (code MOL).

    Args:
        longitude, latitude: (n,) degrees.
        centre: longitude in the middle, degrees.

    Returns:
        (n,) x in [-162.1, 162.1] and y in [-81.0, 81.0]: 360 sqrt(2) / pi by half of it. Half a turn from the centre
        falls on the right edge.
    """
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---MOL", "DEC--MOL"]
    wcs.wcs.crval = [0.0, 0.0]
    wcs.wcs.crpix = [1.0, 1.0]  # pixels are counted from 1 here, and from 0 below
    wcs.wcs.cdelt = [-1.0, 1.0]
    turned = np.mod(np.asarray(longitude, np.float64) - centre + 180.0, 360.0) - 180.0
    x, y = wcs.wcs_world2pix(turned, np.asarray(latitude, np.float64), 0)
    return x, y


@dataclass(frozen=True)
class Field:
    """A small piece of the sky.

    Attributes:
        longitude, latitude: of its centre, degrees.
        radius: degrees from the centre to the farthest source.
    """

    longitude: float
    latitude: float
    radius: float


def field_of(longitude: Array, latitude: Array) -> Field:
    """The centre of sources (of their mean direction) and how far they reach.

    Args:
        longitude, latitude: (n,) degrees, n at least 1.
    """
    phi, theta = np.radians(longitude), np.radians(latitude)
    directions = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)])
    mean = directions.mean(axis=1)
    length = float(np.linalg.norm(mean))
    if length < 1e-9:  # spread evenly: no direction is the middle
        return Field(0.0, 0.0, 180.0)
    centre = mean / length
    radius = np.degrees(np.arccos(np.clip(centre @ directions, -1.0, 1.0))).max()
    return Field(
        float(np.degrees(np.arctan2(centre[1], centre[0])) % 360),
        float(np.degrees(np.arcsin(centre[2]))),
        float(radius),
    )


def offsets(longitude: Array, latitude: Array, field: Field) -> tuple[Array, Array]:
    """East and north of a field's centre, degrees: separation and position angle as they are (zenithal equidistant).

    Args:
        longitude, latitude: (n,) degrees.
    """
    centre = SkyCoord(field.longitude * units.deg, field.latitude * units.deg)
    places = SkyCoord(longitude * units.deg, latitude * units.deg)
    separation, angle = centre.separation(places).deg, centre.position_angle(places).rad
    return separation * np.sin(angle), separation * np.cos(angle)
