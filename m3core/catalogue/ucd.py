"""UCDs of the columns we know: the Virtual Observatory's words for what a column is (UCD1+, IVOA)."""

from collections.abc import Collection

__all__ = ["UCDS", "ucd_of"]

GAIA, B, R = "em.opt", "em.opt.B", "em.opt.R"

PHOTOMETRY = {
    "phot_g_mean_mag": f"phot.mag;{GAIA}",
    "phot_bp_mean_mag": f"phot.mag;{B}",
    "phot_rp_mean_mag": f"phot.mag;{R}",
    "j_mag": "phot.mag;em.IR.J",
    "h_mag": "phot.mag;em.IR.H",
    "k_mag": "phot.mag;em.IR.K",
    "w1_mag": "phot.mag;em.IR.3-4um",
    "w2_mag": "phot.mag;em.IR.4-8um",
    "w3_mag": "phot.mag;em.IR.8-15um",
    "w4_mag": "phot.mag;em.IR.15-30um",
}
"""Mean magnitudes; e_<name> is the error of each."""

UCDS = {
    "source_id": "meta.id;meta.main",
    "ra": "pos.eq.ra;meta.main",
    "dec": "pos.eq.dec;meta.main",
    "label": "src.class",
    "split": "meta.code",
    "period": "time.period",
    "m3_period_search": "time.period",
    "m3_period_power": "stat.fit.goodness",
    "m3_period_fold": "time.period",
    "amplitude": "src.var.amplitude",
    "mean_vmag": "phot.mag;em.opt.V",
    **PHOTOMETRY,
    **{f"e_{name}": f"stat.error;{ucd}" for name, ucd in PHOTOMETRY.items()},
    "bp_rp": f"phot.color;{B};{R}",
    "j_k": "phot.color;em.IR.J;em.IR.K",
    "w1_w2": "phot.color;em.IR.3-4um;em.IR.4-8um",
    "w3_w4": "phot.color;em.IR.8-15um;em.IR.15-30um",
    "parallax": "pos.parallax.trig",
    "parallax_error": "stat.error;pos.parallax.trig",
    "parallax_over_error": "stat.snr;pos.parallax.trig",
    "pm": "pos.pm",
    "pmra": "pos.pm;pos.eq.ra",
    "pmra_error": "stat.error;pos.pm;pos.eq.ra",
    "pmdec": "pos.pm;pos.eq.dec",
    "pmdec_error": "stat.error;pos.pm;pos.eq.dec",
    "ruwe": "stat.fit.goodness",
    "rfr_score": "stat.fit.goodness",
    "lksl_statistic": "stat.param",
    "l": "pos.galactic.lon",
    "b": "pos.galactic.lat",
}


def ucd_of(column: str, columns: Collection[str]) -> str:
    """The UCD of a column, '' where it is not one we know.

    Args:
        columns: names of the whole table: 'b' is a latitude only beside 'l', else it may be a band.
    """
    if column in ("l", "b") and not {"l", "b"} <= set(columns):
        return ""
    return UCDS.get(column, "")
