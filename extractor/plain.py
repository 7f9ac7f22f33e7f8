"""The network without torch: its parameters from the project's own files, and what it computes, in NumPy.

An engine is made ready and checked with this where nothing is cached yet: importing torch takes seconds and
190 MB.  It is no engine: it takes a second for what they do in a hundredth.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from extractor import metadata
from extractor.backbone_sizes import EPS, size_by_name
from extractor.installing import install_hint, package_command
from extractor.report import LoadReport, WeightsError, sha256_of
from extractor.types import HEADS, CropSpec, Floats, NetworkSpec, head_widths

Parameters = Mapping[str, Floats]


def read_project(path: Path) -> tuple[LoadReport, dict[str, Floats]] | None:
    """A whole network in the project's own safetensors: the report that ``extractor.weights`` makes, and the
    detector's parameters in float32.  None for anything else, which ``extractor.weights`` reads or refuses.
    """
    if not path.is_file():  # a pipe: it would wait for somebody to write into it
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            strings = dict(file.metadata() or {})
            if not metadata.is_project_file(strings):
                return None
            values = metadata.from_strings(strings)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        spec = _spec(values)
        shapes = parameter_shapes(spec)
    except (OSError, SafetensorError, metadata.MetadataError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if {name: tensor.shape for name, tensor in tensors.items()} != shapes:
        return None
    if any(tensor.dtype not in (np.float16, np.float32) for tensor in tensors.values()):
        return None
    parameters = {name: np.ascontiguousarray(tensors[name], np.float32) for name in shapes}
    if not all(np.isfinite(values).all() for values in parameters.values()):
        return None
    report = LoadReport(
        path=path,
        sha256=sha256_of(path),
        layout="project",
        missing=(),
        unexpected=(),
        trained_heads=HEADS,
        spec=spec,
        metadata=values,
    )
    return report, parameters


def read(path: Path) -> tuple[LoadReport, dict[str, Floats]]:
    """A checkpoint of any layout: its report and all of the detector's parameters.  Raises ``WeightsError``."""
    found = read_project(path)
    if found is not None:
        return found
    require_torch(path)
    from extractor.export import parameters_of
    from extractor.model import MotionExtractor

    network = MotionExtractor.from_checkpoint(path)
    assert network.report is not None
    return network.report, parameters_of(network)


def read_report(path: Path) -> LoadReport:
    """Read the report of a checkpoint of any layout, by torch if not the project's own.  Raises ``WeightsError``."""
    found = read_project(path)
    if found is not None:
        return found[0]
    require_torch(path)
    from extractor.weights import read_weights

    return read_weights(path).report


def require_torch(weights: Path) -> None:
    """Raise ``WeightsError`` where torch, which alone reads these weights, is not installed."""
    if importlib.util.find_spec("torch") is None:
        hint = install_hint(package_command("torch"))
        raise WeightsError.of(weights, f"only torch reads such weights, and it is not here. {hint}")


def _spec(values: Mapping[str, object]) -> NetworkSpec:
    backbone, num_kp, num_bins = values["architecture"], values["num_kp"], values["num_bins"]
    if not (isinstance(backbone, str) and isinstance(num_kp, int) and isinstance(num_bins, int)):
        raise ValueError("its metadata do not say what network it is")
    if not isinstance(values.get("crop"), Mapping):
        raise ValueError("its metadata do not say how crops are cut")
    names = metadata.keypoint_names(values, num_kp)
    crop = metadata.crop(values, CropSpec())
    return NetworkSpec(backbone.removeprefix("convnextv2_"), num_kp, num_bins, crop, names)


def parameter_shapes(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the detector's parameters, in its order."""
    depths, dims = size_by_name(spec.backbone)
    shapes: dict[str, tuple[int, ...]] = {}

    def layer(name: str, *weight: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = weight, (weight[0],)

    layer("downsample_layers.0.0", dims[0], 3, 4, 4)
    layer("downsample_layers.0.1", dims[0])
    for stage, (narrow, wide) in enumerate(pairwise(dims), 1):
        layer(f"downsample_layers.{stage}.0", narrow)
        layer(f"downsample_layers.{stage}.1", wide, narrow, 2, 2)
    for stage, (depth, width) in enumerate(zip(depths, dims, strict=True)):
        for name in (f"stages.{stage}.{block}" for block in range(depth)):
            layer(f"{name}.dwconv", width, 1, 7, 7)
            layer(f"{name}.norm", width)
            layer(f"{name}.pwconv1", 4 * width, width)
            shapes[f"{name}.grn.gamma"] = shapes[f"{name}.grn.beta"] = (1, 1, 1, 4 * width)
            layer(f"{name}.pwconv2", width, 4 * width)
    layer("norm", dims[-1])
    for name, width in head_widths(spec.num_kp, spec.num_bins).items():
        layer(f"fc_{name}", width, dims[-1])
    return shapes


def forward(parameters: Parameters, backbone: str, crops: NDArray[np.uint8]) -> dict[str, Floats]:
    """The raw heads of (B, S, S, 3) crops: ``MotionExtractor`` behind the normalisation of ``Backend.run``."""
    each = [_forward(parameters, backbone, crops[i : i + 1]) for i in range(len(crops))]  # which caches hold
    return {name: np.concatenate([heads[name] for heads in each]) for name in HEADS}


def _forward(parameters: Parameters, backbone: str, crops: NDArray[np.uint8]) -> dict[str, Floats]:
    def linear(x: Floats, name: str) -> Floats:
        return x @ parameters[f"{name}.weight"].T + parameters[f"{name}.bias"]

    def norm(x: Floats, name: str) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(EPS))
        return x * parameters[f"{name}.weight"] + parameters[f"{name}.bias"]

    def patches(x: Floats, name: str) -> Floats:
        """A convolution whose stride is its size."""
        weight = parameters[f"{name}.weight"]
        size, (batch, height, width, channels) = weight.shape[-1], x.shape
        x = x.reshape(batch, height // size, size, width // size, size, channels).transpose(0, 1, 3, 5, 2, 4)
        flat = x.reshape(batch, height // size, width // size, -1)
        return flat @ weight.reshape(len(weight), -1).T + parameters[f"{name}.bias"]

    def depthwise(x: Floats, name: str) -> Floats:
        weight = parameters[f"{name}.weight"][:, 0]
        _, height, width, _ = x.shape
        padded = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)))
        out = np.zeros_like(x) + parameters[f"{name}.bias"]
        for row in range(7):
            for column in range(7):
                out += padded[:, row : row + height, column : column + width] * weight[:, row, column]
        return out

    x = crops.astype(np.float32) / np.float32(255)
    for stage, depth in enumerate(size_by_name(backbone).depths):
        before = f"downsample_layers.{stage}"
        x = patches(norm(x, f"{before}.0"), f"{before}.1") if stage else norm(patches(x, f"{before}.0"), f"{before}.1")
        for name in (f"stages.{stage}.{block}" for block in range(depth)):
            y = _gelu(linear(norm(depthwise(x, f"{name}.dwconv"), f"{name}.norm"), f"{name}.pwconv1"))
            energy = np.sqrt(np.square(y).sum(axis=(1, 2), keepdims=True))
            relative = energy / (energy.mean(axis=-1, keepdims=True) + np.float32(EPS))
            y = parameters[f"{name}.grn.gamma"] * (y * relative) + parameters[f"{name}.grn.beta"] + y
            x = x + linear(y, f"{name}.pwconv2")
    features = norm(x.mean(axis=(1, 2)), "norm")
    return {name: linear(features, f"fc_{name}") for name in HEADS}


def _gelu(x: Floats) -> Floats:
    from scipy.special import erf  # only where an engine is made ready

    gelu: Floats = x * np.float32(0.5) * (1 + erf(x * np.float32(0.5**0.5)))
    return gelu
