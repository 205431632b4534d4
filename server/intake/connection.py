"""A connection with patience for a whole batch over a slow line, and no more. What is asked is not read here."""

from typing import ClassVar

from server.control.patience import Patient


class PatientWithBatches(Patient):
    """Eight mebibytes over a line of a mebibit take more than a minute; then the batch is worked on."""

    whole_s: ClassVar[float] = 240.0
