"""What ISPs do, and what must be concluded. Each row is a promise to the reader of our reports.

`SCENARIOS` need a single check and `SLOW` are about speed; what else there is has a module by theme.
"""

from tests.lab.scenarios.first_light import SCENARIOS, SLOW
from tests.lab.scenarios.scenario import Scenario, lab_of

__all__ = ["SCENARIOS", "SLOW", "Scenario", "lab_of"]
