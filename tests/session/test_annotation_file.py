"""Changed annotations on the disk: whole, in the order of time, and what was recorded is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import SessionError
from app.session.annotation_file import AnnotationFile
from app.session.annotations import Annotation, encode_annotations
from tests.factories import read_annotations

A = Annotation(1.0, 0.0, "blink", "", 30)
B = Annotation(0.5, 2.0, "talk", 'über, "alles"', 15)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.csv"


def kept(path):
    return sorted(item.name for item in path.parent.glob("events.original*"))


def test_the_first_change_keeps_what_was_recorded(path):
    recorded = encode_annotations([A])
    path.write_bytes(recorded)
    file = AnnotationFile(path)
    file.save([A, B])
    assert read_annotations(path) == (B, A)  # in the order of time
    assert kept(path) == ["events.original.csv"]
    assert (path.parent / "events.original.csv").read_bytes() == recorded
    file.save([B])
    AnnotationFile(path).save([])  # another day
    assert read_annotations(path) == ()
    assert kept(path) == ["events.original.csv"]
    assert (path.parent / "events.original.csv").read_bytes() == recorded


def test_nothing_is_kept_where_nothing_was_recorded_or_changed(path):
    AnnotationFile(path).save([A])
    assert read_annotations(path) == (A,)
    assert kept(path) == []
    AnnotationFile(path).save([A, B])
    assert kept(path) == []
    other = path.with_name("other.csv")
    other.write_bytes(encode_annotations([A]))
    AnnotationFile(other).save([A])
    assert not list(path.parent.glob("other.original*"))


def test_what_another_program_wrote_meanwhile_is_kept_too(path):
    path.write_bytes(encode_annotations([A]))
    file = AnnotationFile(path)
    file.save([A, B])
    path.write_bytes(encode_annotations([B]))
    file.save([A])
    assert kept(path) == ["events.original-2.csv", "events.original.csv"]
    assert read_annotations(path.parent / "events.original-2.csv") == (B,)
    assert read_annotations(path) == (A,)


def test_a_folder_that_cant_be_written(tmp_path):
    (tmp_path / "events.csv").mkdir()
    with pytest.raises(SessionError, match="can't be saved"):
        AnnotationFile(tmp_path / "events.csv").save([A])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
annotations = st.builds(
    Annotation,
    st.integers(0, 10**10).map(lambda micro: micro / 1e6),
    st.integers(0, 10**9).map(lambda micro: micro / 1e6),
    texts,
    texts,
    st.integers(0, 10**6),
)


@given(st.lists(annotations, max_size=6))
def test_any_text_comes_back_on_one_line(tmp_path_factory, some):
    path = tmp_path_factory.mktemp("events") / "events.csv"
    AnnotationFile(path).save(some)
    found = read_annotations(path)
    assert len(found) == len(some)
    for annotation, other in zip(found, sorted(some, key=lambda e: (e.onset_s, e.duration_s)), strict=True):
        assert (annotation.onset_s, annotation.duration_s, annotation.frame) == (
            other.onset_s,
            other.duration_s,
            other.frame,
        )
        assert annotation.label == " ".join(other.label.splitlines()).replace("\0", "")
