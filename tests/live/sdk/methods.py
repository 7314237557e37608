"""Every method of the official client that is answered, and the tests of this folder that call it.

Nothing is registered anywhere: a test drives a method by calling it.
"""

import ast
import inspect
from pathlib import Path

from huaweicloudsdkswr.v2 import SwrClient

# Methods that no test drives yet, by what they are about. Whoever writes the test takes the name out.
MISSING: set[str] = set()

_MANAGEMENT = ("/v2/manage/", "/v3/manage/")
_VERSIONS = ("/", "/{api_version}")


def basic_methods() -> dict[str, str]:
    """Methods by name with their paths; the enterprise edition's are left out."""
    return {name: path for name, (_, path) in _methods().items() if path.startswith(_MANAGEMENT) or path in _VERSIONS}


def enterprise_methods() -> dict[str, tuple[str, str]]:
    """Methods of the enterprise edition by name, with what they send: method and path."""
    return {name: sent for name, sent in _methods().items() if "/instances" in sent[1]}


def _methods() -> dict[str, tuple[str, str]]:
    found = {}
    for name, method in inspect.getmembers(SwrClient, inspect.ismethod):
        if name.startswith("_") and name.endswith("_http_info"):
            source = inspect.getsource(method)
            verb, path = (source.partition(f'"{key}": "')[2].partition('"')[0] for key in ("method", "resource_path"))
            found[name.removeprefix("_").removesuffix("_http_info")] = verb, path
    return found


def driven() -> dict[str, list[str]]:
    """The tests of this folder that use each method, by its name."""
    tests: dict[str, list[str]] = {name: [] for name in _methods()}
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for function in ast.parse(file.read_text()).body:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test_"):
                used = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
                for name in used & tests.keys():
                    tests[name].append(f"{file.name}::{function.name}")
    return tests
