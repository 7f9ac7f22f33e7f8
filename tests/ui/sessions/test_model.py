"""Searching and sorting thousands of lines, and keeping what is selected."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PyQt6.QtCore import QAbstractItemModel, Qt
from PyQt6.QtTest import QAbstractItemModelTester

from app.session.listing import SessionState, SessionSummary
from app.ui.sessions.model import COLUMNS, DATE, SessionModel
from app.ui.sessions.pictures import Thumbnails
from app.ui.sessions.view import SessionList

STATES = list(SessionState)


def summary(k: int, **changes: object) -> SessionSummary:
    chance = random.Random(k)
    values: dict[str, object] = {
        "folder": Path(f"/recordings/session {k:04d}"),
        "state": chance.choice(STATES),
        "participant": f"P{chance.randrange(40):02d}",
        "task": chance.choice(["nod", "talk", ""]),
        "started_unix_s": chance.choice([None, 1.7e9 + chance.random() * 1e7]),
        "duration_s": chance.random() * 1000,
        "frames": 100,
        "measured": chance.choice([None, chance.random()]),
        "bytes": chance.randrange(10**9),
    }
    return SessionSummary(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def model(qapp):
    thumbnails = Thumbnails()
    model = SessionModel(thumbnails)
    yield model
    thumbnails.close(5)


def texts(model: QAbstractItemModel, column: int) -> list[str]:
    return [model.index(row, column).data().strip() for row in range(model.rowCount())]


def test_it_keeps_the_rules_of_models(model):
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.add([summary(k) for k in range(20)])
    model.search("nod")
    model.sort(0)
    model.add([summary(k) for k in range(10, 30)])
    model.remove({summary(3).folder})
    assert tester.model() is model


@pytest.mark.parametrize("column", range(len(COLUMNS)))
@pytest.mark.parametrize("order", list(Qt.SortOrder))
def test_every_column_is_sorted_by_what_it_means(model, column, order):
    model.add([summary(k) for k in range(200)])
    model.sort(column, order)
    keys = [COLUMNS[column].key(session) for session in model.sessions]
    assert len(keys) == 200
    assert keys == sorted(keys, reverse=order is Qt.SortOrder.DescendingOrder)


def test_a_search_leaves_what_has_each_word_and_a_new_one_is_searched_too(model):
    model.add([summary(k, participant=f"P{k % 10}", task="nod" if k % 2 else "talk") for k in range(100)])
    model.search("p3 NOD")
    assert model.rowCount() == 10
    assert set(texts(model, 3)) == {"P3"}
    model.add([summary(100, participant="P3", task="nod"), summary(101, participant="P4", task="nod")])
    assert model.rowCount() == 11
    assert model.count == 102
    model.remove({summary(100).folder})
    model.search("")
    assert model.rowCount() == model.count == 101


def test_a_session_that_has_changed_stays_one_line(model):
    model.add([summary(1, state=SessionState.RECORDING, bytes=5)])
    model.add([summary(1, state=SessionState.COMPLETE, bytes=7_000_000)])
    assert texts(model, 6) == ["7.0 MB"]
    assert texts(model, 7) == ["complete"]


def test_the_selection_belongs_to_sessions_not_to_lines(model, qtbot):
    view = SessionList(model)
    qtbot.addWidget(view)
    model.add([summary(k) for k in range(0, 300, 2)])
    chosen = {summary(k).folder for k in (20, 22, 24, 80)}
    view.choose(chosen)
    assert {session.folder for session in view.chosen} == chosen
    model.add([summary(k) for k in range(1, 300, 2)])
    view.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert {session.folder for session in view.chosen} == chosen
    model.remove({summary(20).folder})
    model.search("session 00")
    assert {session.folder for session in view.chosen} == chosen - {summary(20).folder}
    model.search("")
    view.selectAll()
    model.add([summary(1000 + k) for k in range(1200)])  # what came later was chosen by nobody
    assert len(view.chosen) == 299
    view.selectAll()
    model.add([summary(5000)])
    assert len(view.chosen) == 1499


def test_it_stays_where_it_was_scrolled_to(model, qtbot):
    view = SessionList(model)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    model.add([summary(k) for k in range(500)])
    view.verticalScrollBar().setValue(3000)
    model.add([summary(1000)])
    assert view.verticalScrollBar().value() == 3000


def test_only_lines_that_are_seen_ask_for_a_picture(model, qtbot, monkeypatch):
    asked: list[Path] = []
    monkeypatch.setattr(Thumbnails, "icon", lambda thumbnails, folder: asked.append(folder))
    view = SessionList(model)
    qtbot.addWidget(view)
    view.resize(700, 400)
    model.add([summary(k) for k in range(3000)])
    with qtbot.waitExposed(view):
        view.show()
    view.viewport().grab()
    assert 0 < len(set(asked)) < 40


def test_the_latest_come_first(model):
    model.add([summary(k, started_unix_s=1.7e9 + 100 * k) for k in range(5)])
    assert texts(model, DATE) == sorted(texts(model, DATE), reverse=True)
    assert model.sessions[0].folder == summary(4).folder
