"""Finds the derived signals that the weights can carry, by the measurements in their metadata.

Signals of the pose need trained pose heads.  Signals of the expression need named keypoints and weights
whose expressions follow the true ones: ``errors`` in the metadata must hold, for some data set that was kept
out of training, an ``expression_correlation`` (Pearson's, of predicted and true magnitude) of at least
``NEEDED``; a ``signal_correlation`` of the signal's own, by its name, goes before that, and what was measured
on films or photographs of people (data sets with ``real`` true) before what was on rendered heads: people are
what the program is used on.  Of several data sets of a kind the worst counts.  What nobody has measured is
not trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.core.derived import DERIVED, DerivedSignal
from extractor.types import NetworkSpec
from extractor.values import is_number

NEEDED = 0.5
"""Below that less than a quarter of what the signal does is what the face did."""

UNTRAINED = "these weights hold no head pose"
NO_NAMES = "the keypoints of these weights have no names, so nobody knows which of them is the mouth"
UNMEASURED = "nobody has measured how well these weights see expressions"
ROUGH = "these weights follow that part of the face too roughly"

OWN_SIGNALS = {"blink": ("blink", "eye_closure_l"), "blinks_per_minute": ("blink", "eye_closure_l")}
"""Events stand and fall with the signal that they are found in, where they were not measured themselves."""


def untrusted_signals(spec: NetworkSpec, metadata: Mapping[str, object], pose_trained: bool) -> dict[str, str]:
    """The reasons why derived signals, by name, can't be trusted with these weights; the others are left out.

    The reasons are the ends of sentences: "... can't be trusted: these weights ...", with figures in brackets.
    """
    found = {}
    for signal in DERIVED:
        reason = _reason(signal, spec, metadata, pose_trained)
        if reason:
            found[signal.name] = reason
    return found


def without_figures(reason: str) -> str:
    """A reason in plain words."""
    return reason.partition(" (")[0]


def _reason(signal: DerivedSignal, spec: NetworkSpec, metadata: Mapping[str, object], pose_trained: bool) -> str:
    if not pose_trained:
        return UNTRAINED
    if signal.source == "pose":
        return ""
    if spec.keypoint_names is None:
        return NO_NAMES
    measured = _measured(metadata, OWN_SIGNALS.get(signal.name, (signal.name,)))
    if measured is None:
        return UNMEASURED
    if measured < NEEDED:
        return f"{ROUGH} (correlation with the true movement {measured:.2f}, at least {NEEDED:g} is needed)"
    return ""


def _measured(metadata: Mapping[str, object], names: tuple[str, ...]) -> float | None:
    """The figure that counts for a signal of these names, the first of which that was measured is taken."""
    errors = metadata.get("errors")
    sets = [values for values in errors.values() if isinstance(values, Mapping)] if isinstance(errors, Mapping) else []
    for real in (True, False):
        those = [values for values in sets if (values.get("real") is True) == real]
        for name in names:
            own = [values.get("signal_correlation") for values in those]
            found = _numbers(each.get(name) for each in own if isinstance(each, Mapping))
            if found:
                return min(found)
    return min(_numbers(values.get("expression_correlation") for values in sets), default=None)


def _numbers(values: Iterable[object]) -> list[float]:
    return [float(value) for value in values if is_number(value)]
