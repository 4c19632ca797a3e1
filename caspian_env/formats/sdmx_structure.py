"""The data structure definition of an export in SDMX-ML 2.1 (https://sdmx.org/): columns, concepts, codelists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

AGENCY, DATAFLOW, VERSION = "CASPIAN_ENV", "INDICATORS", "1.0"
FLOW = f"{AGENCY}:{DATAFLOW}({VERSION})"
STRUCTURE_NS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"
MESSAGE_NS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
COMMON_NS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class About:
    """What an export is, and the codes of its coded columns with their titles, by column."""

    title: str
    description: str
    created: str
    codes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, whether it identifies a row, whether it holds numbers, and what it means."""

    name: str
    key: bool
    number: bool
    meaning: str


def unit_code(spelling: str) -> str:
    """A unit as a code of SDMX, which holds no blank: ``percent year-1`` is ``percent_year-1``; empty stays empty."""
    return re.sub(r"[^A-Za-z0-9_@$-]", "_", spelling)


def structure(columns: Sequence[Column], about: About) -> bytes:
    """A dataflow, its data structure definition, the concepts of its columns, and a codelist for each coded column."""
    for prefix, namespace in (("mes", MESSAGE_NS), ("str", STRUCTURE_NS), ("com", COMMON_NS)):
        ET.register_namespace(prefix, namespace)
    root = ET.Element(f"{{{MESSAGE_NS}}}Structure")
    header = ET.SubElement(root, f"{{{MESSAGE_NS}}}Header")
    for name, text in (("ID", DATAFLOW), ("Test", "false"), ("Prepared", about.created)):
        ET.SubElement(header, f"{{{MESSAGE_NS}}}{name}").text = text
    ET.SubElement(header, f"{{{MESSAGE_NS}}}Sender", id=AGENCY)
    structures = ET.SubElement(root, f"{{{MESSAGE_NS}}}Structures")
    flow = _named(_child(structures, "Dataflows"), "Dataflow", DATAFLOW, about.title, maintained=True)
    ET.SubElement(_child(flow, "Structure"), "Ref", _reference("DSD_INDICATORS", "DataStructure", "datastructure"))
    _codelists(structures, about)
    scheme = _named(_child(structures, "Concepts"), "ConceptScheme", "CS_INDICATORS", "Columns", maintained=True)
    for column in columns:
        _named(scheme, "Concept", column.name, column.meaning)
    definitions = _child(structures, "DataStructures")
    definition = _named(definitions, "DataStructure", "DSD_INDICATORS", "Indicators", maintained=True)
    components = _child(definition, "DataStructureComponents")
    dimensions = ET.SubElement(components, f"{{{STRUCTURE_NS}}}DimensionList", id="DimensionDescriptor")
    keys = [column for column in columns if column.key]
    for position, column in enumerate(keys, 1):
        kind = "TimeDimension" if column.name == "TIME_PERIOD" else "Dimension"
        _component(dimensions, kind, column, about, position=str(position))
    attributes = ET.SubElement(components, f"{{{STRUCTURE_NS}}}AttributeList", id="AttributeDescriptor")
    for column in columns:
        if not column.key and column.name != "OBS_VALUE":
            attribute = _component(attributes, "Attribute", column, about, assignmentStatus="Conditional")
            related = _child(attribute, "AttributeRelationship")
            ET.SubElement(_child(related, "PrimaryMeasure"), "Ref", id="OBS_VALUE")
    measures = ET.SubElement(components, f"{{{STRUCTURE_NS}}}MeasureList", id="MeasureDescriptor")
    _component(measures, "PrimaryMeasure", next(column for column in columns if column.name == "OBS_VALUE"), about)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _codelists(structures: ET.Element, about: About) -> None:
    """One list for each coded column, in the order of their codes."""
    if not about.codes:
        return
    lists = _child(structures, "Codelists")
    for column, codes in about.codes.items():
        listed = _named(lists, "Codelist", f"CL_{column}", f"Codes of {column}", maintained=True)
        for code, title in sorted(codes.items()):
            _named(listed, "Code", code, title)


def _child(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{STRUCTURE_NS}}}{name}")


def _named(parent: ET.Element, kind: str, name: str, words: str, *, maintained: bool = False) -> ET.Element:
    kept = {"agencyID": AGENCY, "version": VERSION, "isFinal": "true"} if maintained else {}
    element = ET.SubElement(parent, f"{{{STRUCTURE_NS}}}{kind}", {"id": name, **kept})
    ET.SubElement(element, f"{{{COMMON_NS}}}Name", {_XML_LANG: "en"}).text = words
    return element


def _component(parent: ET.Element, kind: str, column: Column, about: About, **more: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{STRUCTURE_NS}}}{kind}", {"id": column.name, **more})
    reference = {
        "id": column.name, "maintainableParentID": "CS_INDICATORS", "maintainableParentVersion": VERSION,
        "agencyID": AGENCY, "package": "conceptscheme", "class": "Concept",
    }  # fmt: skip
    ET.SubElement(_child(element, "ConceptIdentity"), "Ref", reference)
    if column.name in about.codes:
        listed = _reference(f"CL_{column.name}", "Codelist", "codelist")
        ET.SubElement(_child(_child(element, "LocalRepresentation"), "Enumeration"), "Ref", listed)
    elif column.number or kind == "TimeDimension":
        kind_of_text = "Double" if column.number else "ObservationalTimePeriod"
        ET.SubElement(_child(element, "LocalRepresentation"), f"{{{STRUCTURE_NS}}}TextFormat", textType=kind_of_text)
    return element


def _reference(name: str, kind: str, package: str) -> dict[str, str]:
    return {"id": name, "version": VERSION, "agencyID": AGENCY, "package": package, "class": kind}
