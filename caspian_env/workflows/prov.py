"""The lineage of a value in the exchange format of the W3C: PROV-JSON.

Entities are the value, the observations used of each series, and the granules; activities are the computation and the
retrievals; agents are the software with its version and the providers. See https://www.w3.org/TR/prov-dm/ and the member
submission https://www.w3.org/submissions/prov-json/.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from caspian_env.catalog.lineage import Origin
from caspian_env.wiring import Platform
from caspian_env.workflows.explain import Explanation, Input
from caspian_env.workflows.handed_on import kept_back, why_kept_back

PREFIX = "caspian"
NAMESPACE = "urn:caspian-env:"

# A document is made to be passed on; a number that only repeats a row under a licence that forbids it is not in it.
NUMBERS = ("value", "std_uncertainty", "ci_low", "ci_high")

Document = dict[str, dict[str, Any]]


def prov_document(platform: Platform, explained: Explanation) -> Document:
    """The lineage as a PROV-JSON document, ready for ``json.dumps``."""
    document: Document = {"prefix": {PREFIX: NAMESPACE}, "entity": {}, "activity": {}, "agent": {}}
    value = _add_value(document, platform, explained)
    compute = f"{PREFIX}:run-{explained.run['id']}"
    times = {"prov:startTime": explained.run["started_at"], "prov:endTime": explained.run["finished_at"]}
    document["activity"][compute] = {name: moment.isoformat() for name, moment in times.items() if moment} | {
        "prov:type": _name("Computation"),
        f"{PREFIX}:settings_hash": explained.run["settings_hash"],
    }
    software = _software(document, explained.run["code_version"])
    _relate(document, "wasGeneratedBy", **{"prov:entity": value, "prov:activity": compute})
    _relate(document, "wasAssociatedWith", **{"prov:activity": compute, "prov:agent": software})
    for number, one in enumerate(explained.inputs):
        observations = _add_observations(document, explained, one, number)
        _relate(document, "used", **{"prov:activity": compute, "prov:entity": observations})
        _relate(document, "wasDerivedFrom", **{"prov:generatedEntity": value, "prov:usedEntity": observations})
        for origin in one.origins():
            granule = _add_granule(document, platform, origin)
            _relate(document, "wasDerivedFrom", **{"prov:generatedEntity": observations, "prov:usedEntity": granule})
    return document


def _add_value(document: Document, platform: Platform, explained: Explanation) -> str:
    fields = explained.fields
    indicator = platform.seeds.indicators.get(fields["indicator_id"])
    if indicator is not None and fields["value"] is not None and (owners := kept_back(platform.seeds, indicator)):
        fields = {**fields, **dict.fromkeys(NUMBERS), "reason": why_kept_back(platform.seeds, indicator, owners)}
    name = f"{PREFIX}:value-{fields['id']}"
    method = explained.method or {}
    attributes = {key: fields[key] for key in fields if key not in {"id", "value"}} | {
        "value": fields["value"],
        "function": method.get("function"),
        "parameters": _json(method.get("parameters")),
    }
    described = {f"{PREFIX}:{key}": _typed(item) for key, item in attributes.items() if item is not None}
    label = f"{explained.title}, {fields['period_start']:%F}/{fields['period_end']:%F}"
    document["entity"][name] = {"prov:type": _name("IndicatorValue"), "prov:label": label, **described}
    return name


def _add_observations(document: Document, explained: Explanation, one: Input, number: int) -> str:
    name = f"{PREFIX}:observations-{explained.fields['id']}-{number}"
    identity = {
        "argument": one.argument, "dataset": one.dataset_id, "variable": one.variable_id, "location": one.location_id,
        "resolution": one.resolution, "datum": one.datum_id, "unit": one.unit, "known_at": one.known_at,
        "n_observations": len(one.observations), "n_excluded": sum(o.excluded for o in one.observations),
    }  # fmt: skip
    windows = [f"{w.start.isoformat()}/{w.end.isoformat()}" for w in one.windows]
    described = {f"{PREFIX}:{key}": _typed(item) for key, item in identity.items()}
    document["entity"][name] = {"prov:type": _name("Observations"), **described, f"{PREFIX}:window": windows}
    return name


def _add_granule(document: Document, platform: Platform, origin: Origin) -> str:
    granule, retrieval = f"{PREFIX}:granule-{origin.sha256}", f"{PREFIX}:retrieval-{origin.retrieval_id}"
    if retrieval in document["activity"]:
        return granule
    known = {
        "dataset": origin.dataset_id, "sha256": origin.sha256, "size": origin.size, "media_type": origin.media_type,
        "product_version": origin.product_version,
    }  # fmt: skip
    described = {f"{PREFIX}:{key}": _typed(item) for key, item in known.items() if item is not None}
    location = {"prov:location": {"$": origin.url, "type": "xsd:anyURI"}}
    document["entity"][granule] = {"prov:type": _name("Granule"), **described, **location}
    answer = {"url": origin.url, "http_status": origin.http_status, "etag": origin.etag, "known_at": origin.known_at}
    answer |= {"last_modified": origin.last_modified, "run": origin.run_id}
    moment = origin.retrieved_at.isoformat()
    document["activity"][retrieval] = {
        "prov:type": _name("Retrieval"), "prov:startTime": moment, "prov:endTime": moment,
        **{f"{PREFIX}:{key}": _typed(item) for key, item in answer.items() if item is not None},
    }  # fmt: skip
    software = _software(document, origin.code_version)
    _relate(document, "wasGeneratedBy", **{"prov:entity": granule, "prov:activity": retrieval})
    _relate(document, "wasAssociatedWith", **{"prov:activity": retrieval, "prov:agent": software})
    _relate(
        document, "wasAttributedTo", **{"prov:entity": granule, "prov:agent": _provider(document, platform, origin)}
    )
    return granule


def _software(document: Document, version: str) -> str:
    name = f"{PREFIX}:software-{version}"
    label = f"caspian-env {version}"
    document["agent"][name] = {
        "prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}, "prov:label": label,
        f"{PREFIX}:version": version,
    }  # fmt: skip
    return name


def _provider(document: Document, platform: Platform, origin: Origin) -> str:
    dataset = platform.seeds.datasets[origin.dataset_id]
    name = f"{PREFIX}:provider-of-{dataset.id}"
    document["agent"][name] = {
        "prov:type": {"$": "prov:Organization", "type": "prov:QUALIFIED_NAME"}, "prov:label": dataset.provider,
        f"{PREFIX}:licence": dataset.licence, f"{PREFIX}:citation": dataset.citation,
    }  # fmt: skip
    return name


def _relate(document: Document, relation: str, **ends: str) -> None:
    known = document.setdefault(relation, {})
    known[f"_:{relation}{len(known) + 1}"] = dict(ends)


def _name(kind: str) -> Mapping[str, str]:
    return {"$": f"{PREFIX}:{kind}", "type": "prov:QUALIFIED_NAME"}


def _typed(item: Any) -> Any:
    if isinstance(item, datetime):
        return {"$": item.isoformat(), "type": "xsd:dateTime"}
    if isinstance(item, float):
        return {"$": repr(item), "type": "xsd:double"}
    return {"$": str(item), "type": "xsd:int"} if isinstance(item, int) else item


def _json(item: Any) -> str | None:
    return None if item is None else json.dumps(item, sort_keys=True)
