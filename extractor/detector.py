"""``Detector``: a ConvNeXtV2 and seven linear heads, under the published parameter names."""

from __future__ import annotations

from torch import Tensor, nn

from extractor.backbone import ConvNeXtV2, init_weights, size_by_name
from extractor.types import HEADS, head_widths


class Detector(ConvNeXtV2):
    """The backbone with the heads ``fc_kp`` ... ``fc_exp`` on its pooled features."""

    def __init__(self, num_kp: int, num_bins: int, backbone: str, drop_path_rate: float = 0.0) -> None:
        super().__init__(size_by_name(backbone), drop_path_rate)
        for name, width in head_widths(num_kp, num_bins).items():
            self.add_module(f"fc_{name}", nn.Linear(self.num_features, width))
        self.apply(init_weights)

    def head(self, name: str) -> nn.Linear:
        """The head called ``name`` in ``HEADS``."""
        head = self.get_submodule(f"fc_{name}")
        assert isinstance(head, nn.Linear)
        return head

    def forward(self, x: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        features = self.forward_features(x)
        return {name: self.head(name)(features) for name in HEADS}
