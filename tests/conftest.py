"""What every test shares: time zones come from the pinned tzdata, as in the cloud."""

import carillon.zones  # noqa: F401 - importing it is the whole effect
