"""Hypothesis profiles: `ci` is quick and the same every time, `nightly` is random. HYPOTHESIS_PROFILE chooses."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tinypytorch.testing.plugin import register_profiles

_ALLOWED = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=150, derandomize=True, deadline=None, suppress_health_check=_ALLOWED)
register_profiles()
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
