"""Feeds under an extension that another plugin has as well, such as `.atom` of datasette-atom.

Datasette keeps one renderer an extension. Ours takes the place and asks the other one first
whether an answer is its own: who is asked does not depend on which plugin was loaded first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import Parameter, Signature, signature
from typing import Any

from datasette.utils import await_me_maybe, call_with_supported_arguments

Renderer = Mapping[str, Any]
"""As `register_output_renderer` returns it: `extension`, `render`, perhaps `can_render`."""


def flat(results: Iterable[Any]) -> list[Renderer]:
    """Return the renderers of all plugins: each gives one or a list of them."""
    found: list[Renderer] = []
    for result in results:
        found += result if isinstance(result, list) else [result]
    return found


def beside_others(ours: Iterable[Renderer], others: Iterable[Renderer]) -> list[Renderer]:
    """Return our renderers; each hands on what another of the same extension is meant for."""
    by_extension = {other["extension"]: other for other in others}
    return [
        _shared(each, by_extension[each["extension"]])
        if each["extension"] in by_extension
        else each
        for each in ours
    ]


def _shared(ours: Renderer, other: Renderer) -> Renderer:
    # Datasette's documentation called it "callback" before 1.0.
    other_render = other.get("render") or other["callback"]
    other_can = other.get("can_render")

    async def says(can_render: Callable[..., Any], given: dict[str, Any]) -> bool:
        return bool(await await_me_maybe(call_with_supported_arguments(can_render, **given)))

    async def is_others(given: dict[str, Any]) -> bool:
        if other_can is None:  # it takes every page, so what is ours is decided here
            return not await says(ours["can_render"], given)
        return await says(other_can, given)

    async def can_render(given: dict[str, Any]) -> bool:
        return await is_others(given) or await says(ours["can_render"], given)

    async def render(given: dict[str, Any]) -> Any:
        if not await is_others(given):
            answer = await await_me_maybe(call_with_supported_arguments(ours["render"], **given))
            if answer is not None:
                return answer
        return await await_me_maybe(call_with_supported_arguments(other_render, **given))

    deciding = [ours["can_render"], *([other_can] if other_can else [])]
    return {
        "extension": ours["extension"],
        "render": _asking_for([ours["render"], other_render, *deciding], render),
        "can_render": _asking_for(deciding, can_render),
    }


def _asking_for(
    functions: Iterable[Callable[..., Any]],
    answer: Callable[[dict[str, Any]], Awaitable[Any]],
) -> Callable[..., Awaitable[Any]]:
    """Return a function with all parameters of some functions: Datasette gives what is named."""
    names = list(dict.fromkeys(name for each in functions for name in signature(each).parameters))

    def asked(*values: Any) -> Awaitable[Any]:
        return answer(dict(zip(names, values, strict=True)))

    parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    asked.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return asked
