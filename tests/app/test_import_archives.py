"""The form of the archives with the real importer behind it, on as many files as need several processes."""

import runpy

from m3core.survey import Survey
from pages.components.import_form import READ, WRITE
from tests.app.conftest import open_page, said, wait
from tests.conftest import ROOT
from tests.data_floor.archive_files import made_archive


def test_archives_are_read_shown_and_written(empty, tmp_path):
    paths = made_archive(tmp_path / "archive", n=260)
    app = open_page("import_data")
    app.segmented_control(key="import_way").set_value("Archives").run()
    for key, name in (
        ("archives_catalogue", "catalogue.csv"),
        ("archives_light_curves", "lightcurves"),
        ("archives_spectra", "spectra"),
        ("archives_catalogue_of_the_spectra", "lamost.csv"),
    ):
        app.text_input(key=key).set_value(str(paths[name])).run()
    app.button(key="import_read").click().run()
    wait(app, READ, seconds=120)
    assert not app.error
    assert "sources with both: 260" in said(app)
    assert not (empty / "surveys" / "catalogue").exists()
    app.button(key="import_write").click().run()
    wait(app, WRITE, seconds=120)
    survey = Survey.open(empty / "surveys" / "catalogue")
    assert len(survey) == 260
    assert [path.name for path in survey.path.parent.iterdir()] == ["catalogue"]


def test_processes_that_read_files_do_not_run_the_app():
    assert "run_page" not in runpy.run_path(str(ROOT / "app.py"), run_name="__mp_main__")
