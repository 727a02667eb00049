"""The next wider group to show where one is too thin."""

from collections.abc import Callable


def wider(scope: str) -> tuple[str, ...]:
    """List the scopes to try, nearest first: city → region, both → region → industry → network."""
    kind, _, name = scope.partition(":")
    if kind == "city":
        # a municipality's number begins with its county's
        return f"region:{name[:2]}", "network"
    if kind == "industry-region":
        industry, _, region = name.partition("/")
        return f"region:{region}", f"industry:{industry}", "network"
    return ("network",) if kind in ("industry", "region") else ()


def first(scope: str, published: Callable[[str], bool]) -> str | None:
    """Find the nearest wider scope that is published."""
    return next((other for other in wider(scope) if published(other)), None)
