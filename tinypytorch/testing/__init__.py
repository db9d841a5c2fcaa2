"""Floor 6: verification, for ops and engines, here and elsewhere. Needs the extra `tinypytorch[verify]`.

Verify an op of yours, alone and inside random programs, with `check_op`; a function of Variables, with
`check_function`. Both raise `VerificationError` with the smallest counterexample and what is wrong in it.
The strategies (`programs`, `op_inputs`, `in_domain`) are for Hypothesis tests of your own.
"""

from tinypytorch.testing.alone import (
    Check,
    Subject,
    VerificationError,
    alone,
    check_additive,
    check_agreement,
    check_constants,
    check_copied,
    check_dead,
    check_dead_outputs,
    check_failure,
    check_function,
    check_growth,
    check_layouts,
    check_linear,
    check_op,
    check_program,
    check_pure,
    check_released,
    check_reordered,
    check_retained,
    check_settings,
    check_threads,
    check_unreached,
    check_unshared,
    check_visited_once,
)
from tinypytorch.testing.checks import Finding, Verdict, check_first, check_second
from tinypytorch.testing.engines import Engine, kernel, naive
from tinypytorch.testing.programs import Instruction, Plan, Program
from tinypytorch.testing.strategies import in_domain, op_inputs, plans, programs
from tinypytorch.testing.verify import Coverage, Report, Settings, verify_builtin, verify_function, verify_op

__all__ = [
    "Check",
    "Coverage",
    "Engine",
    "Finding",
    "Instruction",
    "Plan",
    "Program",
    "Report",
    "Settings",
    "Subject",
    "Verdict",
    "VerificationError",
    "alone",
    "check_additive",
    "check_agreement",
    "check_constants",
    "check_copied",
    "check_dead",
    "check_dead_outputs",
    "check_failure",
    "check_first",
    "check_function",
    "check_growth",
    "check_layouts",
    "check_linear",
    "check_op",
    "check_program",
    "check_pure",
    "check_released",
    "check_reordered",
    "check_retained",
    "check_settings",
    "check_second",
    "check_threads",
    "check_unreached",
    "check_unshared",
    "check_visited_once",
    "in_domain",
    "kernel",
    "naive",
    "op_inputs",
    "plans",
    "programs",
    "verify_builtin",
    "verify_function",
    "verify_op",
]
