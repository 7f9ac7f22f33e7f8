"""The review window alone, without camera, network or main window."""

from __future__ import annotations

from pathlib import Path

from app.ui.shell.display import has_display

LAID_OUT_MS = 100  # from new numbers to their places in the panel


def run_review(
    folder: Path, screenshot: Path | None = None, at_s: float | None = None, *, share: bool | None = None
) -> int:
    """Show a session until its window is closed; the exit code.

    ``screenshot``: save the window as PNG once the session is shown, ``at_s`` seconds into it, and close it.
    ``share``: whether other users may read what is written; None: as remembered.
    1, with a sentence on stderr, when there is no display or the session can't be opened.
    """
    from app.session.manifest import Manifest

    Manifest.read(folder)  # what is no session is said before a window opens
    if not has_display():
        return 1
    return _run(folder, screenshot, at_s, share)


def _run(folder: Path, screenshot: Path | None, at_s: float | None, share: bool | None) -> int:
    from PyQt6.QtCore import QTimer

    from app.session.session import CutOffError
    from app.ui.review.window import ReviewWindow
    from app.ui.shell import dialogs, settings, theme
    from app.ui.shell.event_loop import make_application, run_until_ended
    from app.ui.shell.settings import Settings, share_files

    app = make_application()
    store = Settings()
    share_files(share)
    theme.apply(app, theme.scheme_named(store.get(settings.THEME)))
    window = ReviewWindow(store)
    failures: list[str] = []

    def opened() -> None:
        if window.problem is not None and not isinstance(window.problem, CutOffError):
            failures.append(str(window.problem))
            window.close()
            return
        if at_s is not None and window.shown is not None:
            window.shown.player.seek(at_s)
        if screenshot is not None:
            QTimer.singleShot(0, picture)

    def picture() -> None:
        shown = window.shown
        if shown is not None:
            shown.presenter.wait(30.0)
        # The statistics come a moment later; then the window is as a person sees it.
        if shown is not None and shown.measuring.statistics is None:
            shown.measuring.counted.connect(lambda: QTimer.singleShot(LAID_OUT_MS, save))
        else:
            save()

    def save() -> None:
        assert screenshot is not None
        text = dialogs.save_picture(window, screenshot)
        if text:
            failures.append(text)
        window.close()

    window.opened.connect(opened)
    window.open(folder)
    return run_until_ended(app, window, window.notify, failures)
