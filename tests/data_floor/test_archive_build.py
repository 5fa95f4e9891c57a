"""A survey from archives as a whole: what goes in, what comes out, and what is said of the rest."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from data.archives import Options, plan, write
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES
from m3core.errors import ConfigError, SurveyError
from tests.data_floor.archive_files import curve, dat_name, made_archive, write_dat

N = 24


class Archive:
    """A made archive in a folder, and the build of it."""

    def __init__(self, folder) -> None:
        self.folder, self.paths = folder, made_archive(folder / "archive", N)
        self.number = 0

    @property
    def catalogue(self) -> pd.DataFrame:
        return pd.read_csv(self.paths["catalogue.csv"])

    def change(self, **columns) -> None:
        self.catalogue.assign(**columns).to_csv(self.paths["catalogue.csv"], index=False)

    def dat(self, number: int):
        return self.paths["lightcurves"] / dat_name(self.catalogue["asassn_name"][number])

    def plan(self, **options):
        given = {
            "catalogue": self.paths["catalogue.csv"],
            "lightcurves": self.paths["lightcurves"],
            "spectra": self.paths["spectra"],
            "spectra_catalogue": self.paths["lamost.csv"],
        }
        return plan(Options(**{**given, **options}))

    def survey(self, **options):
        self.number += 1
        return write(self.plan(**options), self.folder / f"survey{self.number}")


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path)


def listed(survey_or_plan, kind: str) -> pd.DataFrame:
    table = survey_or_plan.report.table
    return table[table["fault"] == kind]


def test_the_three_modalities_of_the_published_set(archive):
    survey = archive.survey()
    assert list(survey.modalities) == ["photometry", "spectra", "metadata"]
    photometry, spectra, metadata = survey.modalities.values()
    assert photometry.columns == PHOTOMETRY_AUXILIARIES
    assert photometry.fields == ("time", "flux", "error")
    assert photometry.settings == {
        "value": "flux", "time_label": "HJD", "time_resolution": 1e-5, "period": "period", "auxiliaries": 4,
    }  # fmt: skip
    assert photometry.units["flux"] == "mJy"
    assert metadata.columns == METADATA_COLUMNS
    assert metadata.units["parallax"] == "mas"
    assert spectra.settings["medium"] == "vacuum"
    star = survey.source(survey.source_ids[5])
    assert set(star.observations) == {"photometry", "spectra", "metadata"}
    rows = curve(star.catalogue["period"], star.catalogue["mean_vmag"], seed=5)
    np.testing.assert_array_equal(star.observations["photometry"]["time"], rows["hjd"])
    np.testing.assert_allclose(star.observations["photometry"]["flux"], rows["flux"], rtol=1e-9)
    assert star.catalogue["lamost_subclass"] == "G7"
    assert star.catalogue["lamost_obsid"] == "101005"
    assert 0 <= star.catalogue["match_arcsec"] < 2
    assert star.catalogue["edr3_source_id"] == "683111222333444005"  # text: a float would lose its last digits
    assert star.catalogue["variability_type"] == star.label == "RRAB"


def test_derived_columns_are_what_their_names_say(archive):
    table = archive.survey().sources
    np.testing.assert_allclose(table["bp_rp"], table["phot_bp_mean_mag"] - table["phot_rp_mean_mag"])
    np.testing.assert_allclose(table["pm"], np.hypot(table["pmra"], table["pmdec"]))
    np.testing.assert_allclose(table["parallax_over_error"], table["parallax"] / table["parallax_error"])
    assert table["l"].between(0, 360).all()
    assert table["b"].between(-90, 90).all()


def test_columns_in_other_spellings_and_what_is_missing_is_said(archive):
    other = archive.catalogue.rename(columns={"mean_vmag": "Mean_VMag", "raj2000": "RAJ2000", "w1_mag": "W1mag"})
    other.drop(columns=["ruwe", "lksl_statistic"]).to_csv(archive.paths["catalogue.csv"], index=False)
    made = archive.plan()
    assert "mean_vmag" in made.inputs
    assert "w1_mag" in made.inputs
    assert any("without ruwe" in note for note in made.notes)
    survey = write(made, archive.folder / "survey")
    # without all four the published architecture has no auxiliaries
    assert survey.modalities["photometry"].columns == ("period",)
    assert survey.modalities["photometry"].settings["auxiliaries"] == 0


def test_missing_values_stay_missing_unless_the_published_substitution_is_asked_for(archive):
    values = archive.catalogue["parallax"].abs() + 0.1
    values[:3] = [-0.5, 0.0, np.nan]
    archive.change(parallax=values)
    kept = archive.survey().sources["parallax"]
    np.testing.assert_array_equal(kept, values)
    made = archive.plan(published_substitution=True)
    np.testing.assert_array_equal(made.sources["parallax"][:3], [1.0, 1.0, np.nan])
    assert list(listed(made, "parallax not positive, 1 mas put there")["detail"]) == ["parallax -0.5", "parallax 0"]
    assert "--published-substitution" in made.options.command()


def test_who_lacks_what_is_kept_and_who_lacks_all_is_dropped_and_listed(archive):
    ids = archive.catalogue["asassn_name"]
    for number in (0, 1):
        archive.dat(number).unlink()
    lamost = pd.read_csv(archive.paths["lamost.csv"], sep="|").drop(index=[1, 2])
    lamost.to_csv(archive.paths["lamost.csv"], index=False)  # commas this time
    made = archive.plan()
    assert list(listed(made, "source without light curve")["source_id"]) == [ids[0]]
    assert list(listed(made, "source without light curve and spectrum")["source_id"]) == [ids[1]]
    assert list(listed(made, "source without spectrum")["source_id"]) == [ids[2]]
    survey = write(made, archive.folder / "survey")
    assert len(survey) == N - 1
    assert ids[1] not in survey.source_ids
    assert not survey.present("photometry")[survey.row(ids[0])]
    assert not survey.present("spectra")[survey.row(ids[2])]
    report = pd.read_csv(survey.path / "report.csv")
    assert report["action"][report["source_id"] == ids[1]].to_list() == ["source dropped"]
    assert "sources with neither, dropped: 1" in made.summary()
    assert f"sources of the survey: {N - 1}" in made.summary()


def test_classes_are_filtered_and_doubtful_ones_counted(archive):
    types = archive.catalogue["variable_type"].copy()
    types[:4] = ["ROT:", "EA|EB", "EA+ROT", "RRAB/BL"]
    archive.change(variable_type=types)
    table = archive.survey().sources
    assert table["label"][:4].fillna("-").to_list() == ["-", "-", "EA+ROT", "RRAB"]
    assert table["variability_type"][:4].to_list() == list(types[:4])
    made = archive.plan(classes=("ROT", "RRAB"))
    assert set(made.sources["label"]) == {"ROT", "RRAB"}
    assert made.sources["variability_type"].isin(["ROT", "RRAB", "RRAB/BL"]).all()
    assert listed(made, "class not asked for")["detail"].head(3).to_list() == ["ROT:", "EA|EB", "EA+ROT"]
    certain = archive.plan(classes=("ROT",), uncertain="certain")
    assert "ROT:" in set(certain.sources["variability_type"])
    # their files are not taken for strangers'
    dropped = listed(made, "light curve of a source that was dropped")
    assert len(dropped) + len(made.sources) == N
    with pytest.raises(SurveyError, match="no source is left"):
        archive.plan(classes=("CEP",))


def test_one_star_never_sits_in_two_splits(archive):
    table = archive.catalogue
    twins = table[:10].assign(
        asassn_name=[f"{name}x" for name in table["asassn_name"][:10]], dej2000=table["dej2000"][:10] + 2 / 3600
    )
    pd.concat([table, twins]).to_csv(archive.paths["catalogue.csv"], index=False)
    for seed in range(5):
        made = archive.plan(seed=seed, split=(0.4, 0.3, 0.3))
        split = made.sources.set_index("source_id")["split"]
        assert all(split[name] == split[f"{name}x"] for name in table["asassn_name"][:10] if f"{name}x" in split)
        assert len(listed(made, "sources at one position")) == 10
        assert len(listed(made, "spectrum shared by sources")) == 20


def test_one_gaia_id_and_a_small_radius_keep_a_star_in_one_split(archive):
    table = archive.catalogue
    names = table["asassn_name"][:10]
    far = table[:10].assign(asassn_name=[f"{name}x" for name in names], dej2000=table["dej2000"][:10] + 30 / 3600)
    near = table[10:20].assign(
        asassn_name=[f"{name}x" for name in table["asassn_name"][10:20]],
        dej2000=table["dej2000"][10:20] + 1 / 3600,
        edr3_source_id=np.arange(10) + 10**9,
    )
    pd.concat([table, far, near]).to_csv(archive.paths["catalogue.csv"], index=False)
    for name in table["asassn_name"][:20]:
        file = archive.paths["lightcurves"] / dat_name(name)
        file.with_name(dat_name(f"{name}x")).write_bytes(file.read_bytes())
    for seed in range(3):
        made = archive.plan(seed=seed, split=(0.4, 0.3, 0.3), radius=0.5)
        split = made.sources.set_index("source_id")["split"]
        assert all(split[name] == split[f"{name}x"] for name in table["asassn_name"][:20])
        assert len(listed(made, "sources of one Gaia id")) == 10
        assert len(listed(made, "sources at one position")) == 10


def test_a_zip_gives_the_same_survey_as_the_folder(archive, tmp_path):
    with zipfile.ZipFile(tmp_path / "lightcurves.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.mkdir("vardb_files")
        for file in sorted(archive.paths["lightcurves"].iterdir(), reverse=True):
            packed.write(file, f"vardb_files/{file.name}")
    from_zip = archive.survey(lightcurves=tmp_path / "lightcurves.zip")
    assert from_zip.hash == archive.survey().hash


def test_spectra_without_their_catalogue_are_matched_by_their_headers(archive):
    with_catalogue, without = archive.survey(), archive.survey(spectra_catalogue=None)
    assert without.hash != with_catalogue.hash  # dates: the header has the time of day
    columns = ["match_arcsec", "lamost_obsid", "lamost_subclass", "lamost_z"]
    pd.testing.assert_frame_equal(without.sources[columns], with_catalogue.sources[columns], rtol=1e-6)


def test_bands_of_several_archives_are_modalities_of_their_own(archive):
    stars = archive.catalogue
    header = "asas_sn_id,jd,flux,flux_err,mag,mag_err,limit,fwhm,image_id,camera,quality,phot_filter"
    for number in range(3):
        lines = [header]
        for band in ("V", "g"):
            rows = curve(0.5, 13, n=20, seed=number)
            lines += [
                f"1,{r.hjd},{r.flux},{r.flux_err},{r.mag},{r.mag_err},17,1.7,x,bc,G,{band}" for r in rows.itertuples()
            ]
        name = f"EDR3_{stars['edr3_source_id'][number]}.csv"
        (archive.paths["lightcurves"] / name).write_text("\n".join(lines))
    made = archive.plan(spectra=None, spectra_catalogue=None)
    table = made.modalities.set_index("name")
    assert list(table.index) == ["ASAS_SN_Sky_Patrol_V", "g", "ASAS_SN_V", "metadata"]
    assert table["sources"].to_list() == [3, 3, N, N]
    survey = write(made, archive.folder / "survey")
    assert survey.modalities["g"].settings["value"] == "mag"
    assert survey.modalities["ASAS_SN_V"].settings["value"] == "flux"
    one = archive.plan(bands=("g",), spectra=None, spectra_catalogue=None)
    assert list(one.bands) == ["photometry"]


def test_several_files_of_a_star_are_joined_and_said(archive):
    first, rows = archive.dat(0), curve(0.6, 12, n=40, seed=3)
    write_dat(first, rows[:25])
    (archive.paths["lightcurves"] / "more").mkdir()
    write_dat(archive.paths["lightcurves"] / "more" / first.name, rows[20:])
    made = archive.plan()
    detail = listed(made, "several curves of one star and band")["detail"].to_list()
    assert detail == ["2 curves, 40 points, 5 of them twice"]
    survey = write(made, archive.folder / "survey")
    time = survey.source(archive.catalogue["asassn_name"][0]).observations["photometry"]["time"]
    np.testing.assert_array_equal(time, rows["hjd"])


def test_ztf_files_find_their_star_by_position(archive):
    stars = archive.catalogue
    rows = ["oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec"]
    for oid, (ra, dec) in enumerate([(stars["raj2000"][0], stars["dej2000"][0]), (200.0, -30.0)]):
        for row in curve(0.5, 14, n=15, seed=oid).itertuples():
            rows.append(f"68610340003444{oid},1,{row.hjd},{row.hjd - 2400000.5},{row.mag},0.02,0,zg,{ra},{dec}")
    folder = archive.folder / "ztf"
    folder.mkdir()
    (folder / "lc_explorer.csv").write_text("\n".join(rows))
    made = archive.plan(lightcurves=folder)
    assert made.modalities.set_index("name").loc["photometry", "sources"] == 1
    assert made.counts["sources with a light curve"] == 1
    stranger = listed(made, "light curve of a star that is not in the catalogue")
    assert stranger["detail"].to_list() == ["686103400034441"]


def test_impossible_options_are_refused_before_anything_is_read(archive):
    for options, words in (
        ({"radius": 0.0}, "--radius"),
        ({"radius": float("nan")}, "--radius"),
        ({"format": "ogle"}, "--format"),
        ({"uncertain": "maybe"}, "--uncertain"),
        ({"value": "counts"}, "--value"),
        ({"spectra": None}, "--spectra-catalogue needs"),
        ({"split": (0.5, 0.1, 0.1)}, "split"),
        ({"epoch": 51544.5}, "--epoch"),
    ):
        with pytest.raises(ConfigError, match=words):
            archive.plan(**options)
