"""An estimator of somebody else's: an ONNX file that says pitch, yaw and roll of a crop, as many networks do.

It shows all that is needed: what it is, and from crops to rotations.  ``write_model`` makes a file that needs no
training: it reads yaw from the brightness of the crop.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from extractor.decode_arrays import rotation_matrix
from extractor.estimator import Capabilities, Estimates
from extractor.types import CropSpec

SIZE = 64
DEGREES = 60.0  # of yaw for a white crop


class OnnxEstimator:
    def __init__(self, model: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        self._capabilities = Capabilities(
            name="brightness",
            summary="Takes brightness for yaw",
            engine=f"onnxruntime {onnxruntime.__version__}",
            model=model,
            crop=CropSpec(side=1.2, up=0.0, input_size=SIZE),
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def estimate(self, crops: NDArray[np.uint8]) -> Estimates:
        pictures = crops.transpose(0, 3, 1, 2).astype(np.float32) / 255
        (angles_deg,) = self._session.run(None, {"crops": pictures})
        return Estimates(rotation_matrix(np.asarray(angles_deg)), std_deg=np.full((len(crops), 3), 2.0, np.float32))

    def close(self) -> None:
        """Nothing is held that Python would not free."""


def write_model(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("ReduceMean", ["crops"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("MatMul", ["column", "degrees"], ["angles"]),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["b", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("angles", TensorProto.FLOAT, ["b", 3])],
        [
            helper.make_tensor("degrees", TensorProto.FLOAT, [1, 3], [0.0, DEGREES, 0.0]),
            helper.make_tensor("last", TensorProto.INT64, [1], [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
