"""python -m m3core similar | retrieval | adopt-embeddings."""

from pathlib import Path
from typing import Annotated

import typer

from m3core.command import one_line_errors

__all__ = ["adopt_embeddings", "retrieval", "similar"]

RunOption = Annotated[Path, typer.Option("--run", help="Run folder, with the survey embedded.")]
SurveyOption = Annotated[Path, typer.Option("--survey", help="Survey folder.")]


def similar(
    run: RunOption,
    survey: SurveyOption,
    source: Annotated[
        str,
        typer.Option(
            "--source", metavar="ID", help="The source to look for; several, separated by commas, count alike."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="CSV file to write.")],
    by: Annotated[
        str, typer.Option("--by", metavar="MODALITY", help="The embedding of the query: a modality, or mean.")
    ] = "mean",
    among: Annotated[
        str | None,
        typer.Option(
            "--among", metavar="MODALITY", help="The embedding of those that are found; the same as --by if not given."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="MODALITY=W,...",
            help="In the place of --by: a weighted mean of the modalities' cosines.",
        ),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="CLASS,...", help="Find these classes alone.")] = None,
    split: Annotated[str | None, typer.Option("--split", metavar="NAME,...", help="Find these splits alone.")] = None,
    range_: Annotated[
        list[str] | None,
        typer.Option(
            "--range", metavar="COLUMN=LOW:HIGH", help="Find what lies in this range of a column; may be given again."
        ),
    ] = None,
    radius: Annotated[
        float,
        typer.Option(
            "--radius", min=0.0, help="Leave out what lies within so many arcsec of the query: its own star once more."
        ),
    ] = 2.0,
    most: Annotated[int | None, typer.Option("--most", min=1, help="Rows at most; all if not given.")] = None,
) -> None:
    """List the sources most like one by cosine: source_id, rank, similarity (-1 to 1, higher is more alike).

    The source itself and its duplicates are left out, as is what lacks the embedding.
    """
    with one_line_errors():
        from m3core.classifier.prediction_table import check_file, write_table
        from m3core.embeddings.kept import Embeddings
        from m3core.errors import ConfigError
        from m3core.similarity.search import Filters, find_similar, query_of_rows, similar_table
        from m3core.survey import Survey

        check_file(out)
        if weights is not None and (by != "mean" or among is not None):
            raise ConfigError("--weights compares each modality with itself: leave out --by and --among.")
        opened = Survey.open(survey)
        vectors = Embeddings.open(run, opened)
        ids = [source] if source in opened.sources.index else _parts(source)
        if not ids:
            raise ConfigError("--source names no source: give an id of the survey.")
        query = query_of_rows(vectors, [opened.row(one) for one in ids])
        filters = Filters(_parts(label), _parts(split), tuple(map(_range, range_ or ())), radius)
        weighted = None if weights is None else dict(map(_weight, _parts(weights)))
        found = find_similar(query, vectors, opened, by=by, among=among, weights=weighted, filters=filters)
        table = similar_table(opened, found, most)
        write_table(table, out)
        typer.echo("\n".join([*found.sentences, f"{out}: {len(table):,} sources, the most alike first."]))


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in (text or "").split(","))))


def _weight(text: str) -> tuple[str, float]:
    from m3core.errors import ConfigError

    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise ConfigError(f"--weights {text}: write MODALITY=NUMBER.") from None


def _range(text: str) -> tuple[str, float, float]:
    """'period=0.2:0.9' -> ('period', 0.2, 0.9); an end that is left out is open."""
    from m3core.errors import ConfigError

    column, _, ends = text.rpartition("=")
    low, colon, high = ends.partition(":")
    try:
        if not column or not colon:
            raise ValueError("no range")
        return column.strip(), float(low or "-inf"), float(high or "inf")
    except ValueError:
        raise ConfigError(f"--range {text}: write COLUMN=LOW:HIGH, one end may be left out.") from None


def retrieval(
    run: RunOption,
    survey: SurveyOption,
    out: Annotated[Path, typer.Option("--out", help="CSV file to write: recall and median rank.")],
    by_class: Annotated[
        Path | None, typer.Option("--by-class", help="CSV file to write: precision of the ten nearest, by class.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="NAME|all", help="Whose sources; test, where it is empty validation, if not given."
        ),
    ] = None,
) -> None:
    """Say how well one modality finds a source in another, and sources of its class, against chance."""
    with one_line_errors():
        from m3core.classifier.prediction_table import check_file, write_table
        from m3core.embeddings.kept import Embeddings
        from m3core.similarity.retrieval import class_precision, own_retrieval, rows_to_score
        from m3core.survey import Survey

        for path in filter(None, (out, by_class)):
            check_file(path)
        opened = Survey.open(survey)
        vectors = Embeddings.open(run, opened)
        name, rows = rows_to_score(opened, split)
        table = own_retrieval(vectors, rows)
        write_table(table, out)
        for line in table.to_dict("records"):
            typer.echo(
                f"{line['query']} finds {line['found']}: recall@10 {line['recall@10']:.1%} (chance "
                f"{line['chance@10']:.1%}), median rank {line['median_rank']:g} of {line['n']}."
            )
        if by_class is not None:
            write_table(class_precision(vectors, opened, rows), by_class)
        typer.echo(f"{out}: {len(rows):,} sources, split {name}.")


def adopt_embeddings(
    survey: SurveyOption,
    embeddings: Annotated[
        str,
        typer.Option(
            "--embeddings", metavar="[NAME=]FILE,...", help=".npy or parquet; NAME where the file names no modality."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Run folder to make.")],
    ids: Annotated[
        Path | None,
        typer.Option("--ids", help="Ids of the rows of an .npy file, one a line; the survey's order if not given."),
    ] = None,
) -> None:
    """Let embeddings from elsewhere stand in for a run's, on every page and in every command of m3core."""
    with one_line_errors():
        from m3core.embeddings.given import adopt_embeddings as adopt
        from m3core.embeddings.given import read_embeddings, read_ids
        from m3core.errors import ConfigError
        from m3core.survey import Survey

        if out.exists():
            raise ConfigError(f"{out} exists already: choose another --out, or delete it first.")
        opened = Survey.open(survey)
        order = None if ids is None else read_ids(ids.name, ids.read_bytes())
        files = []
        for part in _parts(embeddings):
            called, _, place = part.rpartition("=") if not Path(part).exists() else ("", "", part)
            if not Path(place).is_file():
                raise ConfigError(f"{place} does not exist: check the name.")
            files.append(read_embeddings(Path(place).name, Path(place).read_bytes(), order, called.strip()))
        if not files:
            raise ConfigError("--embeddings names no file: give an .npy or a parquet file.")
        notes = adopt(opened, files, out, lambda done, what: typer.echo(f"mapping {what} {done:.0%}", err=True))
        typer.echo("\n".join([*notes, f"{out}: a run of these embeddings, with its maps."]))
