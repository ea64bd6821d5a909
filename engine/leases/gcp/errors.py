"""What Google's answers mean for a user. Each says whether trying the same again, or elsewhere, can help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.display import display
from engine.errors import Problem, Unknown, Unusable

EXHAUSTED = ("ZONE_RESOURCE_POOL_EXHAUSTED", "STOCKOUT")
QUOTAS = ("QUOTA_EXCEEDED", "quotaExceeded")
TAKEN = ("RESOURCE_ALREADY_EXISTS", "alreadyExists")
GONE = ("RESOURCE_NOT_FOUND", "notFound")
BUSY = ("rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_OPERATION_RATE_EXCEEDED")
DISABLED = ("accessNotConfigured", "SERVICE_DISABLED")
MOST = 400
"""Characters of Google's own words that are shown."""


class Unclear(Unknown):
    """No usable answer: whether a change was made is not known. The same request may be sent again."""


class NoRoom(Problem):
    """The zone has none of these machines now; another zone may."""


class Quota(Problem):
    """The project may not have more of this in this place; another region may help, another zone of it does not."""


class Denied(Unusable):
    """Who asks may not, or the service is not switched on."""


class Rejected(Unusable):
    """Google understood the request and does not accept it."""


class Taken(Problem):
    """Something of this name is there already."""


class Gone(Problem):
    """It is not there, or not any more."""


def of(code: str, message: str, where: str, more: Mapping[str, Any] | None = None) -> Problem:
    """The problem behind one of Google's codes. `where` is the zone, or the path that was asked."""
    words = display(message, MOST) or display(code, MOST)
    if code.startswith(EXHAUSTED):
        return NoRoom(f"{where} has no such machine free now: {words}", "another zone, or later")
    if code in QUOTAS:
        return Quota(
            f"{where}: {_limit(more or {})}{words}", "ask for more quota, or another region"
        )
    if code in TAKEN:
        return Taken(f"{where}: {words}")
    if code in GONE:
        return Gone(f"{where}: {words}")
    if code in BUSY:
        return Unclear(f"{where}: Google asks for fewer requests: {words}", "try again later")
    if code in DISABLED:
        return Denied(words, "gcloud services enable compute.googleapis.com")
    if code in ("forbidden", "PERMISSIONS_ERROR", "required", "authError"):
        return Denied(
            words, "the role Compute Instance Admin (v1) is enough; who asks: gcloud auth list"
        )
    return Rejected(f"{where}: {words}", f"Google's code is {display(code, 80)}")


def _limit(more: Mapping[str, Any]) -> str:
    """Which limit, and how much it is, where Google says so."""
    name, most = more.get("limitName") or more.get("metricName"), more.get("limit")
    if not name:
        return ""
    return f"quota {display(str(name), 80)}" + (f" is {most}; " if most is not None else "; ")


def of_answer(status: int, body: Mapping[str, Any], where: str) -> Problem:
    """The problem in the body of an answer that is no success."""
    told = body.get("error")
    error: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    errors = error.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    reason = first.get("reason") if isinstance(first, Mapping) else None
    usual = {401: "authError", 403: "forbidden", 404: "notFound", 409: "alreadyExists"}
    code = str(reason or usual.get(status) or error.get("status") or status)
    return of(code, str(error.get("message") or f"status {status}"), where)


def of_operation(operation: Mapping[str, Any], where: str) -> Problem | None:
    """The first error of an operation that is done; None when it did what was asked."""
    error = operation.get("error")
    errors = error.get("errors") if isinstance(error, Mapping) else None
    if not isinstance(errors, list) or not errors:
        status = operation.get("httpErrorStatusCode")
        if not status:
            return None
        return of(str(status), str(operation.get("httpErrorMessage") or "failed"), where)
    first = errors[0] if isinstance(errors[0], Mapping) else {}
    details = first.get("errorDetails")
    quota = [
        one["quotaInfo"]
        for one in (details if isinstance(details, list) else [])
        if isinstance(one, Mapping) and isinstance(one.get("quotaInfo"), Mapping)
    ]
    code, message = str(first.get("code") or "unknown"), str(first.get("message") or "")
    return of(code, message, where, quota[0] if quota else None)
