"""import-astrom3 on contents that are not those of the published set: recognised, or said and left out."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.astrom3 import Options, plan, write
from m3core.catalogue.published_columns import METADATA_COLUMNS
from tests.data_floor.astrom3_files import FIRST, schema, star, write_config, write_rows
from tests.data_floor.conftest import refused


def test_standardised_values_are_recognised_by_their_content(tmp_path):
    def edit(splits):
        rows = [row["metadata"]["meta_cols"] for rows in splits.values() for row in rows]
        for name in METADATA_COLUMNS:
            values = np.array([row[name] for row in rows]) + np.random.default_rng(1).normal(size=len(rows))
            for row, value in zip(rows, (values - values.mean()) / values.std(), strict=True):
                row[name] = float(value)

    assert "these are standardised values" in refused(write_config(tmp_path, edit=edit))


def test_inputs_of_the_published_network_are_recognised(tmp_path):
    def nine(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["photometry"] = [[*point, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6] for point in row["photometry"]]

    assert "the inputs of the published network" in refused(write_config(tmp_path / "nine", edit=nine))
    kind = pa.schema([*list(schema())[:2], pa.field("metadata", pa.list_(pa.float32())), list(schema())[3]])
    for split in ("train", "validation", "test"):
        write_rows(tmp_path / "flat" / "full_42" / f"{split}.parquet", [{**star(1), "metadata": [0.0] * 34}], kind)
    assert "the inputs of the published network" in refused(tmp_path / "flat")


def test_a_column_that_one_file_lacks(published):
    rows = [{name: value for name, value in star(90).items() if name != "spectra"}]
    write_rows(published / "full_42" / "test-00000-of-00001.parquet", rows, schema().remove(1))
    assert "test-00000-of-00001.parquet has the columns photometry, metadata, label, other than" in refused(published)


def test_columns_that_all_files_lack_are_said(tmp_path):
    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            del row["metadata"]["photo_cols"]["rfr_score"], row["metadata"]["meta_cols"]["w4_mag"]

    flat = schema()
    meta, photo = (flat.field("metadata").type.field(name).type for name in ("meta_cols", "photo_cols"))
    metadata = pa.struct(
        [
            ("meta_cols", pa.struct([part for part in meta if part.name != "w4_mag"])),
            ("photo_cols", pa.struct([part for part in photo if part.name != "rfr_score"])),
        ]
    )
    kind = pa.schema([flat.field(0), flat.field(1), pa.field("metadata", metadata), flat.field(3)])
    made = plan(Options(source=str(write_config(tmp_path / "set", edit=edit, kind=kind))))
    survey = write(made, tmp_path / "out")
    assert any("the files lack w4_mag, rfr_score" in note for note in made.notes)
    assert len(survey.modalities["metadata"].columns) == 33
    assert survey.modalities["photometry"].settings["auxiliaries"] == 3


def test_no_spectra_at_all_is_a_survey_of_two(tmp_path):
    for number, split in enumerate(("train", "validation", "test")):
        rows = [{name: value for name, value in star(number).items() if name != "spectra"}]
        write_rows(tmp_path / "set" / "full_42" / f"{split}.parquet", rows, schema().remove(1))
    made = plan(Options(source=str(tmp_path / "set")))
    assert "the files have no column spectra: the survey lacks it." in made.notes
    assert list(write(made, tmp_path / "out").modalities) == ["photometry", "metadata"]


def test_a_file_without_any_light_curve(published):
    kind = schema(photometry=pa.null())
    rows = [{**star(number), "photometry": None} for number in (90, 91)]
    write_rows(published / "full_42" / "test-00000-of-00001.parquet", rows, kind)
    made = plan(Options(source=str(published)))
    assert list(made.lengths["photometry"][-2:]) == [0, 0]
    assert made.report.counts == {"star without photometry": 2}


def test_another_table_altogether(tmp_path):
    for split in ("train", "validation", "test"):
        (tmp_path / "full_42").mkdir(exist_ok=True)
        pq.write_table(pa.table({"text": ["a"], "stars": [5]}), tmp_path / "full_42" / f"{split}.parquet")
    assert "has neither photometry nor spectra but text, stars" in refused(tmp_path)


def test_text_in_a_list_is_named_with_its_row(tmp_path):
    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["photometry"] = [[str(value) for value in point] for point in row["photometry"]]
        splits["train"][5]["photometry"][3][1] = "bad<b>"

    kind = schema(photometry=pa.list_(pa.list_(pa.string())))
    sentence = refused(write_config(tmp_path, edit=edit, kind=kind))
    assert sentence.startswith(f"{FIRST}, row 6: photometry holds 'bad<b>' where a number belongs")
