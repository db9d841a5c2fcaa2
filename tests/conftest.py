"""Hypothesis profiles: `ci` is quick and the same every time, `long` is random. HYPOTHESIS_PROFILE chooses."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_ALLOWED = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=150, derandomize=True, deadline=None, suppress_health_check=_ALLOWED)
settings.register_profile("long", max_examples=20_000, deadline=None, suppress_health_check=_ALLOWED, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
