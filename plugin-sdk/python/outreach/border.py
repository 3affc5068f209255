"""Words of this library as those of the contract. Natively there is no contract, and this module is of no use.

>>> issues([])
Traceback (most recent call last):
ModuleNotFoundError: No module named 'wit_world'
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module

from .document import Invalid, Issue, PluginError, Refused, Unavailable


@cache
def contract_types():
    """The words that every kind of plugin uses. They are called by their whole name where the component's world has other ``types``, too.
    First asked for while the component is built: it has no files to look for modules in."""
    try:
        return import_module("wit_world.imports.outreach_plugin_types")
    except ModuleNotFoundError:
        return import_module("wit_world.imports.types")


def issues(found: list[Issue]) -> list:
    """Findings."""
    types = contract_types()
    return [types.Issue(issue.path, issue.message, issue.fatal) for issue in found]


def answered(function: Callable) -> Callable:
    """A function whose errors cross the border as errors of the contract. Any other exception is a trap: its words may tell of a person."""
    from componentize_py_types import Err

    contract_types()

    @wraps(function)
    def exported(*arguments):
        try:
            return function(*arguments)
        except PluginError as error:
            failure = _error(error)
        raise Err(failure)

    return exported


def _error(error: PluginError):
    types = contract_types()
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
