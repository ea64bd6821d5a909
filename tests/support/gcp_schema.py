"""Holds requests and answers against the facts of Google's discovery document, revision and all.

`gcp_facts.json` is an extract of that document without its prose. What the extract leaves out and a machine cannot do
without stands below in the same form, from the public reference; nothing that is in neither passes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("gcp_facts.json").read_text())
STRING, BOOL, INT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "format": "int32"}
LONG = {"type": "string", "format": "int64"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": name}


def _many(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_WARNING = _object(code=STRING, message=STRING, data=_many(_object(key=STRING, value=STRING)))
_TIMES = dict.fromkeys(("creationTimestamp", "lastStartTimestamp", "lastStopTimestamp"), STRING)
MORE: dict[str, Any] = {
    "AcceleratorConfig": _object(acceleratorType=STRING, acceleratorCount=INT),
    "Money": _object(currencyCode=STRING, units=LONG, nanos=INT),
    "Interval": _object(startTime=STRING, endTime=STRING),
    "QuotaExceededInfo": _object(
        metricName=STRING, limitName=STRING, limit={"type": "number", "format": "double"}
    ),
    "ErrorInfo": _object(reason=STRING, domain=STRING),
    "Metadata": _object(
        kind=STRING, fingerprint=STRING, items=_many(_object(key=STRING, value=STRING))
    ),
    "AttachedDisk": _object(
        type={"type": "string", "enum": ["PERSISTENT", "SCRATCH"]},
        boot=BOOL,
        autoDelete=BOOL,
        source=STRING,
        initializeParams=_object(sourceImage=STRING, diskSizeGb=LONG, diskType=STRING),
    ),
    "AccessConfig": _object(
        type={"type": "string", "enum": ["ONE_TO_ONE_NAT", "DIRECT_IPV6"]},
        name=STRING,
        natIP=STRING,
    ),
    "NetworkInterface": _object(
        network=STRING,
        subnetwork=STRING,
        networkIP=STRING,
        accessConfigs=_many(_ref("AccessConfig")),
    ),
    "Instance": _object(
        id={"type": "string", "format": "uint64"},
        name=STRING,
        zone=STRING,
        machineType=STRING,
        labels={"type": "object", "additionalProperties": STRING},
        metadata=_ref("Metadata"),
        disks=_many(_ref("AttachedDisk")),
        networkInterfaces=_many(_ref("NetworkInterface")),
        guestAccelerators=_many(_ref("AcceleratorConfig")),
        scheduling=_ref("Scheduling"),
        status=FACTS["instance_status"],
        resourceStatus=_ref("ResourceStatus"),
        **_TIMES,
    ),
    "Scope": _object(instances=_many(_ref("Instance")), warning=_WARNING),
    "InstanceAggregatedList": _object(
        items={"type": "object", "additionalProperties": _ref("Scope")},
        nextPageToken=STRING,
        unreachables=_many(STRING),
    ),
    "OperationList": _object(items=_many(_ref("Operation")), nextPageToken=STRING),
    "Error": _object(
        error=_object(
            code=INT,
            message=STRING,
            status=STRING,
            errors=_many(_object(message=STRING, domain=STRING, reason=STRING)),
        )
    ),
}
SCHEMAS: dict[str, Any] = {**MORE, **FACTS["schemas"]}

_ZONED = "projects/{project}/zones/{zone}/operations"
_PLACE = {name: FACTS["methods"]["get"]["parameters"][name] for name in ("project", "zone")}
_QUERY = {name: {"location": "query"} for name in ("filter", "maxResults", "orderBy", "pageToken")}
OPERATIONS = {
    "operations.get": {
        "httpMethod": "GET",
        "path": _ZONED + "/{operation}",
        "parameters": {**_PLACE, "operation": {"location": "path", "required": True}},
    },
    "operations.list": {"httpMethod": "GET", "path": _ZONED, "parameters": {**_PLACE, **_QUERY}},
}
METHODS: dict[str, Any] = {
    **FACTS["methods"],
    **{f"advice.{name}": method for name, method in FACTS["advice"].items()},
    **OPERATIONS,
}
TAKES = {
    "insert": "Instance",
    "setMetadata": "Metadata",
    "setScheduling": "Scheduling",
    "advice.capacity": "CapacityAdviceRequest",
    "advice.capacityHistory": "CapacityHistoryRequest",
}
GIVES = {
    "get": "Instance",
    "aggregatedList": "InstanceAggregatedList",
    "getGuestAttributes": "GuestAttributes",
    "operations.list": "OperationList",
    "advice.capacity": "CapacityAdviceResponse",
    "advice.capacityHistory": "CapacityHistoryResponse",
}
"""The others give an Operation."""
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "number": (int, float),
    "integer": (int,),
}


def route(verb: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The method behind a path, and the words in it."""
    for name, method in METHODS.items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(method["path"]))
        found = re.fullmatch(pattern, path)
        if found and method["httpMethod"] == verb:
            return name, found.groupdict()
    return None


def wrong_words(name: str, words: Mapping[str, str], query: Mapping[str, str]) -> Iterator[str]:
    """What is wrong in the address of a request."""
    known = METHODS[name]["parameters"]
    for key, value in {**words, **query}.items():
        told = known.get(key)
        if not isinstance(told, dict):
            if not (isinstance(known, list) and key in known) and key not in words:
                yield f"{name}: no parameter {key}"
            continue
        if "pattern" in told and not re.fullmatch(told["pattern"], value):
            yield f"{name}: {key}={value} is not of {told['pattern']}"
        if told.get("type") == "boolean" and value not in ("true", "false"):
            yield f"{name}: {key}={value} is no boolean"


def wrong(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    """What in a value the schema does not allow."""
    if "$ref" in schema:
        if schema["$ref"] not in SCHEMAS:
            yield f"{at}: {schema['$ref']} is in no extract"
            return
        schema = SCHEMAS[schema["$ref"]]
    kind = schema.get("type", "object")
    if not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
        yield f"{at}: {value!r} is no {kind}"
        return
    if kind == "array":
        for number, item in enumerate(value):
            yield from wrong(item, schema["items"], f"{at}[{number}]")
    elif kind == "object":
        yield from _wrong_object(value, schema, at)
    else:
        yield from _wrong_word(value, schema, at)


def _wrong_object(value: dict[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties")
    for key, item in value.items():
        if key not in known and more is None:
            yield f"{at}: no field {key}"
        else:
            yield from wrong(item, known.get(key, more), f"{at}.{key}")


def _wrong_word(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if schema.get("format") in ("int64", "uint64") and not re.fullmatch(r"-?\d+", str(value)):
        yield f"{at}: {value!r} is no whole number"
    if schema.get("format") == "google-duration" and not re.fullmatch(r"\d+(\.\d+)?s", value):
        yield f"{at}: {value!r} is no duration"
