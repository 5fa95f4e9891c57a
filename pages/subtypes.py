"""Does a class fall into subtypes, and in what do they differ?"""

from pages.components.navigation import through_app

through_app()

from pages.components import state
from pages.components.need import need_maps, need_survey
from pages.components.subtypes_page.page import subtypes_page

need_survey()
need_maps()
chosen = state.chosen()
assert chosen.survey is not None
assert chosen.run is not None
subtypes_page(chosen.survey, chosen.run)
