"""Which labels are likely wrong, and which periods? Suspects to work through, and a corrected survey."""

from pages.components.navigation import through_app

through_app()

from pages.components import state
from pages.components.misclassifications_page.page import misclassifications_page
from pages.components.need import need_maps, need_survey

need_survey()
need_maps()
chosen = state.chosen()
assert chosen.survey is not None
assert chosen.run is not None
misclassifications_page(chosen.survey, chosen.run)
