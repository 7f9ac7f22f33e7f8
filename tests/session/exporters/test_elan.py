import re
from xml.etree import ElementTree

import numpy as np
import pympi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.session.annotations import Annotation
from app.session.exporters import export_session
from app.session.exporters.elan import ElanAnnotations, tiers_of, without_pose
from app.session.session import Session
from app.session.table import MISSING_REASONS
from tests.session.exporters.eaf import GIVEN, find_schema

# What EAF 3.0's schema asks for, as far as this exporter uses it: the children in their order, and the attributes.
CHILDREN = {
    "ANNOTATION_DOCUMENT": r"HEADER TIME_ORDER( TIER)*( LINGUISTIC_TYPE)*",
    "HEADER": r"(MEDIA_DESCRIPTOR )*PROPERTY( PROPERTY)*",
    "TIME_ORDER": r"(TIME_SLOT ?)*",
    "TIER": r"(ANNOTATION ?)*",
    "ANNOTATION": r"ALIGNABLE_ANNOTATION",
    "ALIGNABLE_ANNOTATION": r"ANNOTATION_VALUE",
}
REQUIRED = {
    "ANNOTATION_DOCUMENT": {"AUTHOR", "DATE", "VERSION"},
    "MEDIA_DESCRIPTOR": {"MEDIA_URL", "MIME_TYPE"},
    "TIME_SLOT": {"TIME_SLOT_ID"},
    "TIER": {"TIER_ID", "LINGUISTIC_TYPE_REF"},
    "ALIGNABLE_ANNOTATION": {"ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2"},
    "LINGUISTIC_TYPE": {"LINGUISTIC_TYPE_ID"},
}
ALLOWED = {
    "ANNOTATION_DOCUMENT": {"FORMAT", "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"},
    "HEADER": {"MEDIA_FILE", "TIME_UNITS"},
    "MEDIA_DESCRIPTOR": {"RELATIVE_MEDIA_URL", "TIME_ORIGIN", "EXTRACTED_FROM"},
    "PROPERTY": {"NAME"},
    "TIME_SLOT": {"TIME_VALUE"},
    "TIER": {"PARTICIPANT", "ANNOTATOR"},
    "LINGUISTIC_TYPE": {"TIME_ALIGNABLE", "GRAPHIC_REFERENCES"},
}


def check_structure(path):
    root = ElementTree.parse(path).getroot()
    assert root.tag == "ANNOTATION_DOCUMENT"
    for element in root.iter():
        assert re.fullmatch(CHILDREN.get(element.tag, ""), " ".join(child.tag for child in element)), element.tag
        required = REQUIRED.get(element.tag, set())
        assert required <= set(element.attrib) <= required | ALLOWED.get(element.tag, set()), element.tag
    ids = [
        e.get("TIME_SLOT_ID") or e.get("ANNOTATION_ID")
        for e in root.iter()
        if e.tag in ("TIME_SLOT", "ALIGNABLE_ANNOTATION")
    ]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+\d+", name) for name in ids)  # an xsd:ID
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    types = {kind.get("LINGUISTIC_TYPE_ID") for kind in root.iter("LINGUISTIC_TYPE")}
    names = [tier.get("TIER_ID") for tier in root.iter("TIER")]
    assert len(set(names)) == len(names)
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        end = 0
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            start, after = (slots[annotation.get(f"TIME_SLOT_REF{i}")] for i in (1, 2))
            assert end <= start < after
            end = after
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)", root.get("DATE"))
    return root


@pytest.fixture(scope="session")
def eaf_schema():
    path = find_schema()
    if path is None:
        pytest.skip(f"no schema of EAF: python -m tests.session.exporters.eaf fetches it, or {GIVEN} names the file")
    return etree.XMLSchema(etree.parse(str(path)))


def odd_text():
    """What XML can't hold, what it escapes, and what looks like its own ids."""
    return "\0\x01\x7f\x85 \u2028\ufffe ]]> <a>&\"' \U0001f600 \u202e\ud83d %20 #?[x] ä 中"


ANNOTATIONS = {
    "points and intervals": [("blink", "", 0.0, 0.11), ("speech", "a note", 0.3, 0.2), ("speech", "", 0.4, 0.35)],
    "no marker": [],
    "without a label": [("", "", 0.0, 0.1), ("", "", 0.0, 0.1), ("marker", "", 0.0, 0.1)],
    "odd": [(odd_text(), odd_text(), 0.0, 0.1), ("ts1", "a1", 0.2, 0.1), ("\ttab\t", "\n", 0.0, 0.2)],
    "many": [(f"label {i % 7}", "", (i % 3) / 10, i / 500) for i in range(200)],
}


@pytest.mark.parametrize("annotations", ANNOTATIONS.values(), ids=ANNOTATIONS)
@pytest.mark.parametrize("about", [{}, dict.fromkeys(("participant", "task", "consent", "comment"), odd_text())])
def test_every_document_is_valid_by_its_schema(record, tmp_path, eaf_schema, annotations, about):
    session = Session.open(record("a ü %20 #[name]", annotations=annotations, **about))
    (path,) = export_session(session, ElanAnnotations(), tmp_path / "out")
    eaf_schema.assertValid(etree.fromstring(path.read_bytes()))
    unmeasured = without_pose(session.table.missing, session.table.timestamp_s)
    assert len(list(check_structure(path).iter("ANNOTATION"))) == len(annotations) + len(unmeasured)


@pytest.mark.parametrize("video", [True, False])
def test_a_session_without_frames_is_valid_by_the_schema(record, tmp_path, eaf_schema, video):
    session = Session.open(record(frames=0, video=video))
    (path,) = export_session(session, ElanAnnotations(), tmp_path / "out")
    eaf_schema.assertValid(etree.fromstring(path.read_bytes()))


def test_the_schema_tells_a_wrong_document(session, tmp_path, eaf_schema):
    (path,) = export_session(session, ElanAnnotations(), tmp_path / "out")
    for right, wrong in (
        ('TIME_VALUE="', 'TIME_VALUE="-'),
        ("<TIME_ORDER>", "<TIER/><TIME_ORDER>"),
        ('"ts1"', '"ts2"'),
    ):
        document = etree.fromstring(path.read_bytes().replace(right.encode(), wrong.encode(), 1))
        assert not eaf_schema.validate(document), wrong


def test_a_second_reader_finds_the_annotations(session, tmp_path):
    (path,) = export_session(session, ElanAnnotations(), tmp_path / "out")
    properties = {item.get("NAME"): item.text for item in check_structure(path).iter("PROPERTY")}
    unmeasured = without_pose(session.table.missing, session.table.timestamp_s)
    assert properties == {
        "lastUsedAnnotationId": str(4 + len(unmeasured)),
        "task": "free talk",
        "consent": "form 12",
        "comment": "lamp\non",
    }
    eaf = pympi.Elan.Eaf(str(path))
    assert set(eaf.get_tier_names()) == {"blink", "speech", "speech (2)", "no pose"}
    assert eaf.get_annotation_data_for_tier("no pose") == [(a.start, a.end, a.text) for a in unmeasured] != []
    first, second = eaf.get_annotation_data_for_tier("blink")
    times = session.table.timestamp_s
    after = int(np.searchsorted(times, 0.11, side="right"))
    shown = round(1000 * (times[after] - times[after - 1]))
    assert first == (110, 110 + shown, "blink")
    assert second[0] == 800
    assert eaf.get_annotation_data_for_tier("speech") == [(200, 500, "hello & <goodbye>")]
    assert eaf.get_annotation_data_for_tier("speech (2)") == [(350, 750, "overlaps")]
    assert eaf.tiers["speech"][2]["PARTICIPANT"] == "P 01"


def test_the_video_is_linked_from_where_the_document_lies(record, tmp_path):
    session = Session.open(record("a ü %20 name"))
    (path,) = export_session(session, ElanAnnotations(), session.folder / "export")
    (media,) = check_structure(path).iter("MEDIA_DESCRIPTOR")
    assert media.get("MIME_TYPE") == "video/x-matroska"
    assert (path.parent / media.get("RELATIVE_MEDIA_URL")).resolve() == session.video.resolve()
    assert media.get("MEDIA_URL") == f"file:///{session.video.as_posix().lstrip('/')}"
    (path,) = export_session(session, ElanAnnotations(), session.folder, force=True)
    (media,) = check_structure(path).iter("MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "./video.mkv"


def test_without_video_and_annotations_the_document_is_still_sound(record, tmp_path):
    (path,) = export_session(Session.open(record(video=False)), ElanAnnotations(), tmp_path / "out")
    root = check_structure(path)
    assert not list(root.iter("MEDIA_DESCRIPTOR"))
    assert [tier.get("TIER_ID") for tier in root.iter("TIER")] == ["no pose"]


def test_stretches_of_low_quality_have_a_tier(record, tmp_path):
    session = Session.open(record(quality=lambda number: 0.2 if number < 3 else 0.8, quality_threshold=0.5))
    (path,) = export_session(session, ElanAnnotations(), tmp_path / "out")
    eaf = pympi.Elan.Eaf(str(path))
    end = round(1000 * session.table.timestamp_s[3])
    assert eaf.get_annotation_data_for_tier("low quality") == [(0, end, "low quality")]


@pytest.mark.parametrize(("onset_s", "shown_ms"), [(0.05, 100), (0.5, 700), (1.0, 100)])
def test_a_point_lasts_as_long_as_its_picture_is_shown(onset_s, shown_ms):
    times_s = np.array([0.0, 0.1, 0.2, 0.9])  # how long the last one is shown nobody knows: as long as most
    ((_, (point,)),) = tiers_of([Annotation(onset_s, 0.0, "x", "", 0)], times_s)
    assert point.end - point.start == shown_ms


seconds = st.floats(0, 10_000)
words = st.text(max_size=8)
annotations = st.lists(
    st.builds(Annotation, seconds, st.just(0.0) | seconds, st.sampled_from(["a", "b", ""]) | words, words, st.just(0))
)


@given(annotations)
def test_any_annotations_fit_into_tiers_without_overlap(annotations):
    tiers = tiers_of(annotations, np.arange(300) / 30)
    assert sum(len(tier) for _, tier in tiers) == len(annotations)
    for label, tier in tiers:
        assert label.strip()
        ends = [0, *(annotation.end for annotation in tier)]
        assert all(end <= a.start < a.end for end, a in zip(ends, tier, strict=False))
        for text in (label, *(annotation.text for annotation in tier)):
            element = ElementTree.Element("x")
            element.text = text
            back = ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))
            assert (back.text or "").replace("\r", "\n") == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(("onset", "end"), [(0.0, 33), (5.0, 5033), (99.0, 99033)])
def test_a_point_lasts_as_long_as_its_frame(onset, end):
    ((_, (annotation,)),) = tiers_of([Annotation(onset, 0.0, "x", "", 0)], np.arange(300) / 30)
    assert (annotation.start, annotation.end) == (round(onset * 1000), end)


def test_stretches_without_a_pose_say_why():
    times = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    words = [MISSING_REASONS.index(word) for word in ("", "no_face", "no_face", "failed", "", "skipped")]
    found = [(a.start, a.end, a.text) for a in without_pose(np.array(words), times)]
    assert found == [(100, 300, "no face"), (300, 400, "failed"), (500, 600, "skipped")]
    assert without_pose(np.zeros(6, int), times) == []
