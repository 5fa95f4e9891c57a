"""A survey again with one thing changed."""

from m3core.survey import Survey, write_survey


def rewritten(survey: Survey, path, *, sources=lambda table: table, modalities=None) -> Survey:
    """The survey with another table of sources (same rows), or with these modalities alone."""
    specs = list(survey.modalities.values()) if modalities is None else modalities
    arrays = {
        spec.name: [
            found and {field: found[field] for field in spec.fields}
            for found in (survey.observation(spec.name, row) for row in range(len(survey)))
        ]
        for spec in specs
        if spec.fields
    }
    return write_survey(
        path, sources=sources(survey.sources.reset_index()), modalities=specs, arrays=arrays,
        split=survey.manifest.split, provenance={},
    )  # fmt: skip
