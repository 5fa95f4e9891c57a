"""The catalogue columns of the published AstroM3 set: their names, order, units and meaning, in one place.

ASAS-SN's catalogue of variable stars joined with Gaia EDR3, 2MASS and AllWISE (Rizhko & Bloom, arXiv 2411.08842).
The published weights take the columns in exactly these two orders.
"""

from m3core.manifest import Column

__all__ = ["METADATA_COLUMNS", "PHOTOMETRY_AUXILIARIES", "PUBLISHED_COLUMNS"]

_METADATA = {
    "mean_vmag": Column(unit="mag", description="mean V magnitude, ASAS-SN"),
    "phot_g_mean_mag": Column(unit="mag", description="mean G magnitude, Gaia EDR3"),
    "e_phot_g_mean_mag": Column(unit="mag", description="error of phot_g_mean_mag"),
    "phot_bp_mean_mag": Column(unit="mag", description="mean BP magnitude, Gaia EDR3"),
    "e_phot_bp_mean_mag": Column(unit="mag", description="error of phot_bp_mean_mag"),
    "phot_rp_mean_mag": Column(unit="mag", description="mean RP magnitude, Gaia EDR3"),
    "e_phot_rp_mean_mag": Column(unit="mag", description="error of phot_rp_mean_mag"),
    "bp_rp": Column(unit="mag", description="colour BP - RP, Gaia EDR3"),
    "parallax": Column(unit="mas", description="parallax, Gaia EDR3; measured values may be zero or negative"),
    "parallax_error": Column(unit="mas", description="error of parallax"),
    "parallax_over_error": Column(description="parallax over its error"),
    "pmra": Column(unit="mas / yr", description="proper motion in right ascension times cos(dec), Gaia EDR3"),
    "pmra_error": Column(unit="mas / yr", description="error of pmra"),
    "pmdec": Column(unit="mas / yr", description="proper motion in declination, Gaia EDR3"),
    "pmdec_error": Column(unit="mas / yr", description="error of pmdec"),
    "j_mag": Column(unit="mag", description="J magnitude, 2MASS"),
    "e_j_mag": Column(unit="mag", description="error of j_mag"),
    "h_mag": Column(unit="mag", description="H magnitude, 2MASS"),
    "e_h_mag": Column(unit="mag", description="error of h_mag"),
    "k_mag": Column(unit="mag", description="Ks magnitude, 2MASS"),
    "e_k_mag": Column(unit="mag", description="error of k_mag"),
    "w1_mag": Column(unit="mag", description="W1 magnitude (3.4 micron), AllWISE"),
    "e_w1_mag": Column(unit="mag", description="error of w1_mag"),
    "w2_mag": Column(unit="mag", description="W2 magnitude (4.6 micron), AllWISE"),
    "e_w2_mag": Column(unit="mag", description="error of w2_mag"),
    "w3_mag": Column(unit="mag", description="W3 magnitude (12 micron), AllWISE"),
    "w4_mag": Column(unit="mag", description="W4 magnitude (22 micron), AllWISE"),
    "j_k": Column(unit="mag", description="colour J - Ks"),
    "w1_w2": Column(unit="mag", description="colour W1 - W2"),
    "w3_w4": Column(unit="mag", description="colour W3 - W4"),
    "pm": Column(unit="mas / yr", description="total proper motion, Gaia EDR3"),
    "ruwe": Column(description="renormalised unit weight error of the astrometric solution, Gaia EDR3"),
    "l": Column(unit="deg", description="Galactic longitude"),
    "b": Column(unit="deg", description="Galactic latitude"),
}

_PHOTOMETRY = {
    "amplitude": Column(unit="mag", description="amplitude of the V-band light curve, ASAS-SN"),
    "period": Column(unit="d", description="period, ASAS-SN"),
    "lksl_statistic": Column(description="Lafler-Kinman string-length statistic of the folded curve, ASAS-SN"),
    "rfr_score": Column(description="R^2 of a random-forest regression of the folded curve, ASAS-SN"),
}

METADATA_COLUMNS = tuple(_METADATA)
"""The 34 columns of the modality metadata, in the published order."""

PHOTOMETRY_AUXILIARIES = tuple(_PHOTOMETRY)
"""The 4 constants that the published architecture appends to every row of a light curve, in their order."""

PUBLISHED_COLUMNS = {**_METADATA, **_PHOTOMETRY}
"""Unit (as astropy.units writes it) and description of all 38."""
