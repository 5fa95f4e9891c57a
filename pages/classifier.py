"""How far can the classifier be trusted, and what does it say of a survey?"""

from pages.components.navigation import through_app

through_app()

from pages.components import state
from pages.components.classifier_page.page import classifier_page
from pages.components.need import need_run, need_survey

need_survey()
name = need_run()
survey_name = state.chosen().survey
assert survey_name is not None
classifier_page(survey_name, name)
