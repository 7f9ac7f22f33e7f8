"""``MotionExtractor``: a ConvNeXtV2 and seven linear heads, from a face crop to motion."""

from __future__ import annotations

from os import PathLike

import torch
from torch import Tensor, nn

from extractor.backbone import Detector, init_weights
from extractor.backbone_sizes import STRIDE
from extractor.report import LoadReport
from extractor.weights import fit_weights, read_weights, single_precision


class MotionExtractor(nn.Module):
    """Face crops to the raw outputs of the seven heads; ``extractor.decode`` makes degrees of them.

    The parameters have the published names under ``detector.``.  A new network is untrained: see ``from_checkpoint``.

    Args:
        num_kp: Keypoints, at least 1.
        num_bins: Bins of each angle, at least 1; degrees are defined for 66.
        backbone: A key of ``extractor.backbone_sizes.SIZES``, such as ``"tiny"``, also with ``convnextv2_`` before it.
        drop_path_rate: Stochastic depth in training, 0 to 1.

    Raises:
        ValueError: ``num_kp`` or ``num_bins`` is below 1, or there is no such backbone.
    """

    report: LoadReport | None
    """The report of the last file loaded; None before."""

    def __init__(
        self, num_kp: int = 24, num_bins: int = 66, backbone: str = "tiny", drop_path_rate: float = 0.0
    ) -> None:
        super().__init__()
        if num_kp < 1 or num_bins < 1:
            raise ValueError(f"A network needs keypoints and bins, not num_kp={num_kp} and num_bins={num_bins}.")
        self.num_kp = num_kp
        self.num_bins = num_bins
        self.backbone = backbone.removeprefix("convnextv2_")
        self.detector = Detector(num_kp, num_bins, backbone, drop_path_rate)
        self.report = None

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Run the network.

        Args:
            x: Images (B, 3, H, W), RGB in [0, 1].  H and W are multiples of 32, at least 32; B may be 0.

        Returns:
            The outputs in the order of ``HEADS``: ``pitch``, ``yaw`` and ``roll`` (B, num_bins) logits; ``t`` (B, 3);
            ``exp`` and ``kp`` (B, 3 * num_kp); ``scale`` (B, 1).

        Raises:
            ValueError: ``x`` has another shape.
        """
        if x.ndim != 4 or x.shape[1] != 3:
            raise ValueError(f"The network takes images of shape (B, 3, H, W), not {tuple(x.shape)}.")
        height, width = x.shape[-2:]
        if height < STRIDE or width < STRIDE or height % STRIDE or width % STRIDE:
            raise ValueError(f"Height and width must be multiples of {STRIDE}, not {height} and {width}.")
        outputs: dict[str, Tensor] = self.detector(x)
        return outputs

    def load_pretrained(self, path: str | PathLike[str]) -> LoadReport:
        """Load what fits from a checkpoint ``{'model': state_dict}`` (or any other layout that is read).

        A classifier ``head`` is dropped and the rest is loaded non-strictly: parameters that the file
        lacks keep their values and are named in the report.

        Args:
            path: The checkpoint: safetensors, ``.pth``, ``.pt``, ``.ckpt`` or ``.bin``.

        Returns:
            What the file held, also kept as ``report``.

        Raises:
            WeightsError: The file can't be read, or it was made for another network; nothing is changed.
        """
        weights = fit_weights(path, self.detector, self.backbone, self.num_kp, self.num_bins)
        # All of them are converted and checked before the first is stored: a bad file changes nothing.
        self.detector.load_state_dict(single_precision(weights), strict=False)
        self.report = weights.report
        return self.report

    @classmethod
    def from_checkpoint(cls, path: str | PathLike[str], drop_path_rate: float = 0.0) -> MotionExtractor:
        """Build the network that a checkpoint of any layout holds, in float32 on the CPU, in evaluation mode.

        Args:
            path: The checkpoint.  Size, num_kp and num_bins come from it.
            drop_path_rate: Stochastic depth for further training, 0 to 1.

        Returns:
            The network; its ``report`` says what the file held.

        Raises:
            WeightsError: The file can't be read, or holds no such network.
        """
        weights = read_weights(path)
        spec = weights.report.spec
        network = cls.from_tensors(single_precision(weights), spec.num_kp, spec.num_bins, spec.backbone, drop_path_rate)
        network.report = weights.report
        return network

    @classmethod
    def from_tensors(
        cls, tensors: dict[str, Tensor], num_kp: int, num_bins: int, backbone: str, drop_path_rate: float = 0.0
    ) -> MotionExtractor:
        """Build a network around the detector's parameters, without initialising what is replaced anyway.

        Args:
            tensors: Parameters by their names without ``detector.``; those that it lacks are initialised, always alike.
            num_kp: Keypoints.
            num_bins: Bins of each angle.
            backbone: A key of ``extractor.backbone_sizes.SIZES``.
            drop_path_rate: Stochastic depth for further training, 0 to 1.

        Returns:
            The network in evaluation mode; it uses the tensors themselves, not copies.

        Raises:
            RuntimeError: A tensor has another shape than the network's.
        """
        with torch.device("meta"):
            network = cls(num_kp, num_bins, backbone, drop_path_rate)
        detector = network.detector
        detector.load_state_dict(tensors, strict=False, assign=True)
        generator = torch.Generator().manual_seed(0)  # the same file is the same network, whoever reads it
        for module in detector.modules():
            own = dict(module.named_parameters(recurse=False))
            if any(parameter.is_meta for parameter in own.values()):
                _materialise(module, own, generator)
        return network.eval()


def _materialise(module: nn.Module, parameters: dict[str, nn.Parameter], generator: torch.Generator) -> None:
    """Give initial values to a module whose file held only some of its parameters, or none."""
    # Copies, because to_empty() empties the parameters themselves.
    kept = {name: parameter.detach().clone() for name, parameter in parameters.items() if not parameter.is_meta}
    module.to_empty(device="cpu", recurse=False)
    init_weights(module, generator)
    with torch.no_grad():
        for name, parameter in kept.items():
            getattr(module, name).copy_(parameter)
