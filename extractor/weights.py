"""Weights: find the file, identify what it holds, fit it to a network, report.

| layout        | what it is                                                                  |
|---------------|-----------------------------------------------------------------------------|
| "project"     | the project's safetensors with the metadata of ``extractor.metadata``       |
| "liveportrait"| a bare state dict with heads, pickled or as safetensors (num_kp 21)         |
| "model"       | ``{'model': state_dict}`` with heads; a classifier ``head`` is dropped      |
| "backbone"    | ConvNeXtV2 without our heads, as Meta published it: the heads stay untrained|

Names may carry ``module.``, ``_orig_mod.`` (of ``torch.compile``) and ``detector.`` in front, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike

import torch
from torch import Tensor

from extractor import metadata
from extractor.backbone import Detector
from extractor.backbone_sizes import SIZES
from extractor.checkpoint_file import CheckpointFile, read_file
from extractor.report import Layout, LoadReport, WeightsError
from extractor.types import HEADS, KEYPOINT_NAMES, POSE_HEADS, CropSpec, NetworkSpec

LIVEPORTRAIT_CROP = CropSpec(side=1.85, up=0.16, input_size=256)
"""LivePortrait's framing in MediaPipe box units: medians of 14 of its published clips and stills."""

LIVEPORTRAIT_NUM_KP = 21

_PREFIXES = ("module.", "_orig_mod.", "detector.")
_CLASSIFIER = "head."  # Meta's ImageNet classifier, of no use here
_MAX_WIDTH = 1000  # keypoints or bins; more is no network of this kind


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A checkpoint that has been understood: the detector's parameters, as stored, and the report."""

    tensors: Mapping[str, Tensor]
    report: LoadReport


def read_weights(path: str | PathLike[str]) -> Weights:
    """Read a checkpoint of any layout that holds a whole network or a whole backbone; raises ``WeightsError``."""
    file = read_file(path)
    tensors = _by_detector_name(file)
    backbone = _backbone(file, tensors)
    num_kp = _width(file, tensors, ("kp", "exp"), 3)
    num_bins = _width(file, tensors, POSE_HEADS, 1)
    spec = _spec(file, backbone, num_kp or 24, num_bins or 66)
    with torch.device("meta"):
        detector = Detector(spec.num_kp, spec.num_bins, spec.backbone)
    weights = _fit(file, tensors, detector, spec)
    lacking = [name for name in weights.report.missing if not name.startswith("fc_")]
    if lacking:
        reason = f"{len(lacking)} parameters of its ConvNeXtV2 {backbone} are missing, such as {lacking[0]}"
        raise WeightsError.of(file.path, reason)
    return weights


def fit_weights(path: str | PathLike[str], detector: Detector, backbone: str, num_kp: int, num_bins: int) -> Weights:
    """The part of a checkpoint that fits into an existing detector of this size; raises ``WeightsError``."""
    file = read_file(path)
    return _fit(file, _by_detector_name(file), detector, _spec(file, backbone, num_kp, num_bins))


def single_precision(weights: Weights) -> dict[str, Tensor]:
    """The parameters as contiguous float32; raises ``WeightsError`` where one holds NaN or infinity."""
    converted = {}
    for name, tensor in weights.tensors.items():
        converted[name] = tensor.detach().to(torch.float32).contiguous()
        if not bool(torch.isfinite(converted[name]).all()):
            raise WeightsError.of(weights.report.path, f"{name} holds numbers that are not finite")
    return converted


def _detector_name(given: str) -> str:
    while given.startswith(_PREFIXES):
        given = given.partition(".")[2]
    return given


def _by_detector_name(file: CheckpointFile) -> dict[str, Tensor]:
    """The file's tensors under the detector's names, without a classifier ``head``'s."""
    tensors: dict[str, Tensor] = {}
    for given, tensor in file.tensors.items():
        name = _detector_name(given)
        if name in tensors:
            raise WeightsError.of(file.path, f"it holds {name[:80]} twice, with different prefixes")
        if not name.startswith(_CLASSIFIER):
            tensors[name] = tensor
    return tensors


def _backbone(file: CheckpointFile, tensors: Mapping[str, Tensor]) -> str:
    """The published size that has the file's depths and widths."""
    blocks = [re.fullmatch(r"stages\.([0-3])\.(\d{1,3})\.dwconv\.weight", name) for name in tensors]
    found = [(int(match[1]), int(match[2])) for match in blocks if match]
    if not found:
        first = next(iter(file.tensors), None)
        holds = "it holds no tensors" if first is None else f"it holds other tensors, such as {first[:80]!r}"
        raise WeightsError.of(file.path, f"{holds}, and no ConvNeXtV2 in the published naming")
    if not any(name.endswith("grn.gamma") for name in tensors):
        raise WeightsError.of(file.path, "it has no GRN parameters, so it is no ConvNeXtV2 but perhaps a ConvNeXt V1")
    depths = tuple(1 + max((block for i, block in found if i == stage), default=-1) for stage in range(4))
    first_blocks = [tensors.get(f"stages.{stage}.0.dwconv.weight") for stage in range(4)]
    dims = tuple(block.shape[0] if block is not None and block.ndim else 0 for block in first_blocks)
    for name, size in SIZES.items():
        if tuple(size) == (depths, dims):
            return name
    raise WeightsError.of(file.path, f"it is a ConvNeXtV2 of no published size: depths {depths}, widths {dims}")


def _width(file: CheckpointFile, tensors: Mapping[str, Tensor], heads: tuple[str, ...], per: int) -> int | None:
    """Outputs of these heads divided by ``per``; None where none of them is in the file."""
    rows = {
        tensor.shape[0] if tensor.ndim else 0
        for head in heads
        for part in ("weight", "bias")
        if (tensor := tensors.get(f"fc_{head}.{part}")) is not None
    }
    if not rows:
        return None
    width = rows.pop()
    if rows or width % per or not 0 < width <= _MAX_WIDTH * per:
        raise WeightsError.of(file.path, f"the sizes of its heads {', '.join(heads)} do not fit together")
    return width // per


def _is_project(file: CheckpointFile) -> bool:
    return file.container == "safetensors" and metadata.is_project_file(file.metadata)


def _spec(file: CheckpointFile, backbone: str, num_kp: int, num_bins: int) -> NetworkSpec:
    """The network's input and output format: from the metadata, or from where the file comes.

    The project's training code writes ``{'model', 'backbone', 'num_kp', 'num_bins', 'input_size'}``.
    """
    values = file.metadata
    training = file.container == "model" and {"backbone", "num_kp", "num_bins"} <= values.keys()
    try:
        if _is_project(file):
            values = metadata.from_strings(values)
        elif not training:
            values = {}
        shapes: dict[str, int | str] = {
            "architecture": backbone,
            "backbone": backbone,
            "num_kp": num_kp,
            "num_bins": num_bins,
        }
        metadata.check_against_shapes(values, shapes)
        crop = metadata.crop(values, LIVEPORTRAIT_CROP if num_kp == LIVEPORTRAIT_NUM_KP else CropSpec())
        names = metadata.keypoint_names(values, num_kp)
    except metadata.MetadataError as error:
        raise WeightsError.of(file.path, str(error)) from error
    if names is None and training and num_kp == len(KEYPOINT_NAMES):
        names = KEYPOINT_NAMES  # the order that the training code keeps and does not write down
    return NetworkSpec(backbone, num_kp, num_bins, crop, names)


def _fit(file: CheckpointFile, tensors: Mapping[str, Tensor], detector: Detector, spec: NetworkSpec) -> Weights:
    """Compare names and shapes with the network's; no number is looked at yet."""
    wanted = detector.state_dict()
    usable = {name: tensor for name, tensor in tensors.items() if name in wanted}
    if not usable:
        raise WeightsError.of(file.path, "it holds no parameter of this network")
    for name, tensor in usable.items():
        if tensor.shape != wanted[name].shape:
            shapes = f"{tuple(tensor.shape)} instead of {tuple(wanted[name].shape)}"
            raise WeightsError.of(file.path, f"it was made for another network: {name} has the shape {shapes}")
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or not tensor.is_floating_point():
            raise WeightsError.of(file.path, f"{name} is no plain tensor of floating-point numbers")

    project = _is_project(file)
    layout: Layout = "project"
    if not project:
        if not any(name.startswith("fc_") for name in usable):
            layout = "backbone"
        else:
            layout = "model" if file.container == "model" else "liveportrait"
    report = LoadReport(
        path=file.path,
        sha256=file.sha256,
        layout=layout,
        missing=tuple(name for name in wanted if name not in tensors),
        unexpected=tuple(given for given in file.tensors if _is_unexpected(given, wanted)),
        trained_heads=tuple(head for head in HEADS if {f"fc_{head}.weight", f"fc_{head}.bias"} <= usable.keys()),
        spec=spec,
        metadata=metadata.from_strings(file.metadata) if project else dict(file.metadata),
    )
    return Weights(usable, report)


def _is_unexpected(given: str, wanted: Mapping[str, Tensor]) -> bool:
    name = _detector_name(given)
    return name not in wanted and not name.startswith(_CLASSIFIER)
