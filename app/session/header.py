"""The header of a session from what is running."""

from __future__ import annotations

from typing import Any

from app.capture.source import SourceInfo
from app.core.quality import threshold_of
from app.session.manifest import MediaFile, SessionHeader
from extractor.backends.base import BackendInfo
from extractor.report import LoadReport


def describe(
    source: SourceInfo, network: BackendInfo | None, report: LoadReport | None, media: MediaFile | None = None
) -> SessionHeader:
    """The header for a source and a network; without a network there are frames but no numbers."""
    if network is None or report is None:
        return SessionHeader(source, num_kp=0, weights_summary="no network was loaded", pose_trained=False, media=media)
    return SessionHeader(source=source, media=media, **measured_with(network, report))


def measured_with(network: BackendInfo, report: LoadReport) -> dict[str, Any]:
    """The fields that the headers of sessions and of further analyses share."""
    return {
        "num_kp": report.spec.num_kp,
        "weights_name": report.path.name,
        "weights_sha256": report.sha256,
        "weights_summary": report.summary,
        "pose_trained": report.pose_trained,
        "engine": network.engine,
        "precision": network.dtype,
        "device": f"{network.device} ({network.device_name}, {network.dtype})",
        "keypoint_names": report.spec.keypoint_names,
        "quality_threshold": threshold_of(report.metadata),
    }
