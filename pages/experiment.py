"""Does pre-training earn its place on this survey, and is it ahead of what one would pick instead?"""

from pages.components.navigation import through_app

through_app()

from pages.components.experiment_page.page import experiment_page
from pages.components.need import need_survey

need_survey()
experiment_page()
