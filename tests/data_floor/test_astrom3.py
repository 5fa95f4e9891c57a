"""import-astrom3 on files in the published layout: what the survey holds, and that it does not depend on spelling."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import Galactic, SkyCoord

from data.astrom3 import Options, plan, write
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES
from m3core.kinds.photometry import settings_of
from m3core.survey import Survey
from tests.conftest import ROOT
from tests.data_floor.astrom3_files import LABELS, ROWS, schema, star, write_config, write_rows

TEXT_ROWS = pa.list_(pa.list_(pa.string()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_config(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def survey(folder, tmp_path_factory) -> Survey:
    return write(plan(Options(source=str(folder))), tmp_path_factory.mktemp("surveys") / "full")


def imported(folder, tmp_path, **options):
    """The survey of a folder and the plan that it was made from."""
    made = plan(Options(source=str(folder), **options))
    return write(made, tmp_path / "survey"), made


def test_modalities_columns_and_split_are_the_published_ones(survey):
    assert list(survey.modalities) == ["photometry", "spectra", "metadata"]
    photometry, spectra, metadata = survey.modalities.values()
    assert photometry.columns == PHOTOMETRY_AUXILIARIES
    settings = settings_of(photometry)
    assert (settings.value, settings.time_label, settings.auxiliaries) == ("flux", "HJD", 4)
    assert (settings.period, settings.time_resolution) == ("period", 0.25)
    assert photometry.units == {"time": "d", "flux": "mJy", "error": "mJy"}
    assert spectra.settings == {"medium": "vacuum"}
    assert metadata.columns == METADATA_COLUMNS
    assert metadata.units["pmra"] == "mas / yr"
    assert survey.manifest.columns["period"].unit == "d"
    assert survey.manifest.counts["by_split"] == {"train": 16, "validation": 5, "test": 6}
    assert survey.manifest.split.seed == 42
    assert survey.classes == tuple(sorted(LABELS))
    survey.verify()


def test_a_star_is_what_the_file_says(survey):
    for number in (0, 9, 21):  # in both files of train, and in test
        published = star(number)
        source = survey.source(survey.source_ids[number])
        assert source.label == published["label"]
        curve, spectrum = source.observations["photometry"], source.observations["spectra"]
        for column, field in enumerate(("time", "flux", "error")):
            assert np.array_equal(curve[field], [row[column] for row in published["photometry"]])
        for column, field in enumerate(("wavelength", "flux", "ivar")):
            expected = np.array([row[column] for row in published["spectra"]], np.float32)
            assert np.array_equal(spectrum[field], expected)
        assert spectrum["wavelength"].dtype == np.float64
        flat = published["metadata"]["meta_cols"] | published["metadata"]["photo_cols"]
        assert {name: source.catalogue[name] for name in flat} == flat


def test_positions_come_from_galactic_coordinates_and_are_said_to(survey, folder):
    for source in (survey.source(name) for name in survey.source_ids[:5]):
        back = SkyCoord(source.ra, source.dec, unit="deg").transform_to(Galactic())
        there = SkyCoord(l=source.catalogue["l"], b=source.catalogue["b"], unit="deg", frame="galactic")
        assert back.separation(there).arcsec < 1e-3
    assert any("computed from l and b" in note for note in plan(Options(source=str(folder))).notes)


def test_the_coarse_times_are_said_with_the_number_of_stars_they_spoil(folder):
    notes = " ".join(plan(Options(source=str(folder))).summary())
    assert "times in photometry are kept to 0.25 d only (as single precision leaves them)" in notes
    assert "18 of 27 stars" in notes  # those with periods of 0.4 and 0.6 d


def test_ids_are_of_the_content_alone(survey, folder, tmp_path):
    def reverse(splits):
        splits["train"].reverse()

    other, _ = imported(write_config(tmp_path / "set", "sub10_0", edit=reverse), tmp_path, config="sub10_0")
    assert set(other.source_ids) == set(survey.source_ids)
    assert list(other.source_ids) != list(survey.source_ids)
    assert all(name.startswith("astrom3-") for name in other.source_ids)


def test_ids_of_the_files_are_kept_as_text(tmp_path):
    rows = {split: [star(10 * at + n) for n in range(3)] for at, split in enumerate(("train", "validation", "test"))}
    fields = [
        *schema(),
        pa.field("id", pa.int64()),
        pa.field("raj2000", pa.float64()),
        pa.field("dej2000", pa.float64()),
    ]
    for split, listed in rows.items():
        for number, row in enumerate(listed):
            row.update(id=6_831_000_000_000_000_000 + hash_of(split, number), raj2000=10.0 + number, dej2000=-5.0)
        write_rows(tmp_path / "set" / "full_42" / f"{split}.parquet", listed, pa.schema(fields))
    rows["train"][0]["id"] = None
    write_rows(tmp_path / "set" / "full_42" / "train.parquet", rows["train"], pa.schema(fields))
    survey, made = imported(tmp_path / "set", tmp_path)
    assert survey.source_ids[0].startswith("astrom3-")
    assert survey.source_ids[1] == str(6_831_000_000_000_000_000 + hash_of("train", 1))
    assert survey.source(survey.source_ids[1]).ra == 11.0
    assert "raj2000" not in survey.sources
    assert not any("l and b" in note for note in made.notes)


def hash_of(split, number):
    return {"train": 100, "validation": 200, "test": 300}[split] + number


def test_the_same_input_gives_the_same_bytes_anywhere(survey, folder, tmp_path):
    again = write(plan(Options(source=str(folder.rename(folder.with_name("moved"))))), tmp_path / "elsewhere")
    folder.with_name("moved").rename(folder)
    names = sorted(path.name for path in survey.path.iterdir())
    assert names == sorted(path.name for path in again.path.iterdir())
    for name in names:
        assert (survey.path / name).read_bytes() == (again.path / name).read_bytes(), name


SPELLINGS = {
    "one row group": {"row_group": 1000},
    "a row a group": {"row_group": 1},
    "large lists": {"kind": schema(photometry=pa.large_list(pa.large_list(pa.float64())), spectra=ROWS)},
    "rows of fixed size": {"kind": schema(spectra=pa.list_(pa.list_(pa.float32(), 3)))},
    "numbers as text": {"kind": schema(photometry=TEXT_ROWS)},
}


def _as_text(splits):
    for row in (row for rows in splits.values() for row in rows):
        row["photometry"] = [[repr(value) for value in point] for point in row["photometry"]]


@pytest.mark.parametrize("name", SPELLINGS)
def test_row_groups_and_list_types_make_no_difference(survey, tmp_path, name):
    edit = {"edit": _as_text} if name == "numbers as text" else {}
    other, _ = imported(write_config(tmp_path / "set", **SPELLINGS[name], **edit), tmp_path)
    assert other.hash == survey.hash


def _struct(names):
    return pa.struct([(name, pa.list_(pa.float32())) for name in names])


@pytest.mark.parametrize("layout", ["struct of lists", "list of structs", "transposed"])
def test_a_table_may_lie_by_columns(survey, tmp_path, layout):
    photometry, spectra = ("hjd", "flux", "flux_err"), ("wavelength", "flux", "ivar")

    def turn(rows, names):
        columns = list(map(list, zip(*rows, strict=True)))
        if layout == "transposed":
            return columns
        if layout == "struct of lists":
            return dict(zip(names, columns, strict=True))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["photometry"], row["spectra"] = turn(row["photometry"], photometry), turn(row["spectra"], spectra)

    kinds = {
        "struct of lists": schema(photometry=_struct(photometry), spectra=_struct(spectra)),
        "list of structs": schema(
            photometry=pa.list_(pa.struct([(name, pa.float32()) for name in photometry])),
            spectra=pa.list_(pa.struct([(name, pa.float32()) for name in spectra])),
        ),
        "transposed": schema(),
    }
    other, _ = imported(write_config(tmp_path / "set", edit=edit, kind=kinds[layout]), tmp_path)
    assert other.hash == survey.hash


@pytest.mark.parametrize(
    "names",
    [
        ("full_42/train.parquet", "full_42/val.parquet", "full_42/test.parquet"),
        ("data/full_42/train/0000.parquet", "data/full_42/valid/0000.parquet", "data/full_42/test/0000.parquet"),
        ("full_42_train.parquet", "full_42_validation.parquet", "full_42_test.parquet"),
        ("train-00000-of-00001-23f39d418d221866.parquet", "dev.parquet", "test.parquet"),
    ],
)
def test_files_are_found_under_other_names(survey, folder, tmp_path, names):
    for split, name in zip(("train", "validation", "test"), names, strict=True):
        numbers = {"train": range(16), "validation": range(16, 21), "test": range(21, 27)}[split]
        write_rows(tmp_path / "set" / name, [star(number) for number in numbers])
    other, made = imported(tmp_path / "set", tmp_path)
    assert other.hash == survey.hash
    assert any("taken at your word" in note for note in made.notes) == (names[1] == "dev.parquet")


class Array2D(pa.ExtensionType):
    """As `datasets` marks an array of two dimensions; it is a list of lists in the file."""

    def __init__(self) -> None:
        super().__init__(ROWS, "datasets.features.features.Array2DExtensionType")

    def __arrow_ext_serialize__(self) -> bytes:
        return b"[[null, 3], 'float32']"

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls()


@pytest.mark.parametrize("registered", [False, True])
def test_arrays_may_bear_the_mark_of_datasets(survey, folder, tmp_path, registered):
    for path in folder.rglob("*.parquet"):
        table = pq.read_table(path)
        marked = pa.ExtensionArray.from_storage(Array2D(), table["photometry"].combine_chunks())
        (tmp_path / "set" / "full_42").mkdir(parents=True, exist_ok=True)
        pq.write_table(table.set_column(0, "photometry", marked), tmp_path / "set" / "full_42" / path.name)
    if registered:
        pa.register_extension_type(Array2D())
    try:
        assert imported(tmp_path / "set", tmp_path)[0].hash == survey.hash
    finally:
        if registered:
            pa.unregister_extension_type(Array2D().extension_name)


def test_integer_labels_get_their_names(survey, tmp_path):
    features = {"info": {"features": {"label": {"names": sorted(LABELS), "_type": "ClassLabel"}}}}

    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["label"] = sorted(LABELS).index(row["label"])

    kind = schema(label=pa.int64(), features=features)
    other, _ = imported(write_config(tmp_path / "set", edit=edit, kind=kind), tmp_path)
    assert other.hash == survey.hash


def test_lengths_from_two_rows_to_several_thousand(tmp_path):
    def edit(splits):
        splits["train"][0] = star(1, epochs=2)
        splits["train"][1] = star(2, epochs=5000, pixels=9000)

    survey, _ = imported(write_config(tmp_path / "set", edit=edit), tmp_path)
    assert list(survey.lengths("photometry")[:2]) == [2, 5000]
    assert survey.lengths("spectra")[1] == 9000


def test_the_published_substitution_is_an_option(tmp_path):
    def edit(splits):
        splits["train"][3]["metadata"]["meta_cols"]["parallax"] = -0.7
        splits["train"][4]["metadata"]["meta_cols"]["parallax"] = None

    folder = write_config(tmp_path / "set", edit=edit)
    kept, made = imported(folder, tmp_path / "kept")
    assert kept.sources["parallax"].iloc[3] == -0.7
    assert np.isnan(kept.sources["parallax"].iloc[4])
    assert any("parallax that is not positive: kept" in note for note in made.notes)
    replaced, made = imported(folder, tmp_path / "replaced", published_substitution=True)
    assert replaced.sources["parallax"].iloc[3] == 1.0
    assert np.isnan(replaced.sources["parallax"].iloc[4])
    assert made.report.counts == {"parallax not positive, 1 mas put there": 1}
    assert "--published-substitution" in replaced.manifest.provenance["command"]


def test_the_hub_client_is_not_imported_before_it_is_needed():
    code = "import sys, data.astrom3, data.__main__; sys.exit('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_star_without_catalogue_values_makes_no_column(tmp_path):
    def edit(splits):
        splits["train"][3]["metadata"] = None

    survey = write(plan(Options(source=str(write_config(tmp_path / "set", edit=edit)))), tmp_path / "out")
    assert "metadata" not in survey.sources
    assert survey.present("metadata").sum() == len(survey) - 1
