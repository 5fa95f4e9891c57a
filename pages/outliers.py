"""Which sources are odd, and why? A list to work through, with verdicts that it learns from."""

from pages.components.navigation import through_app

through_app()

from pages.components import state
from pages.components.need import need_maps, need_survey
from pages.components.outliers_page.page import outliers_page

need_survey()
need_maps()
chosen = state.chosen()
assert chosen.survey is not None
assert chosen.run is not None
outliers_page(chosen.survey, chosen.run)
