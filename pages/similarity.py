"""Which sources are most like this one, or like what is not in the survey?"""

from pages.components.navigation import through_app

through_app()

from pages.components import state
from pages.components.need import need_maps, need_survey
from pages.components.similarity_page.page import similarity_page

need_survey()
need_maps()
chosen = state.chosen()
assert chosen.survey is not None
assert chosen.run is not None
similarity_page(chosen.survey, chosen.run)
