"""Words of this library as those of the contract. Natively there is no contract, and this module is of no use.

>>> issues([])
Traceback (most recent call last):
ModuleNotFoundError: No module named 'wit_world'
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from .document import Invalid, Issue, PluginError, Refused, Unavailable


def issues(found: list[Issue]) -> list:
    """Findings."""
    from wit_world.imports import outreach_plugin_types_0_1_0 as types

    return [types.Issue(issue.path, issue.message, issue.fatal) for issue in found]


def answered(function: Callable) -> Callable:
    """A function whose errors cross the border as errors of the contract. Any other exception is a trap: its words may tell of a person."""
    from componentize_py_types import Err

    @wraps(function)
    def exported(*arguments):
        try:
            return function(*arguments)
        except PluginError as error:
            failure = _error(error)
        raise Err(failure)

    return exported


def _error(error: PluginError):
    from wit_world.imports import outreach_plugin_types_0_1_0 as types

    if isinstance(error, Unavailable):
        return types.PluginError_Unavailable(error.retry_after)
    if isinstance(error, Refused):
        return types.PluginError_Refused(str(error))
    return types.PluginError_Invalid(str(error))


def error_of(error) -> PluginError:
    """An error of the contract as one of this library."""
    name = type(error).__name__
    if name == "PluginError_Unavailable":
        return Unavailable(error.value)
    return (Refused if name == "PluginError_Refused" else Invalid)(error.value)
