"""What goes into the program for people without Python, and what stays out of it.

Measured on Linux: what is left out here makes half of what PyInstaller would take by itself.
"""

from __future__ import annotations

import fnmatch
import importlib.util
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

DATA = (
    ("assets", "extractor/assets"),  # where an installed copy has them
    ("docs", "extractor/docs"),
    ("README.md", "extractor"),  # which the pages of docs link to
    ("CHANGELOG.md", "extractor"),
    ("extractor/check_faces.npz", "extractor"),
    ("LICENSE", "."),
)
"""Files and folders of the project, and their places in the program."""

PACKAGES_DATA = (
    ("mediapipe", "modules/face_detection/*"),
    ("mediapipe", "modules/face_landmark/*"),  # FaceMesh
    ("openvino", "libs/*"),  # its plugins, which it opens by name
)
"""Files of packages that no hook of PyInstaller's knows: the package, and which of its files."""

OPTIONAL = ("pylsl", "sounddevice")
"""Taken along where they are installed."""

EXCLUDED = (
    "extractor.training",  # makes weights; needs a checkout
    "jax", "jaxlib", "matplotlib", "sentencepiece",  # MediaPipe runs without them,
    "mediapipe.tasks.python.genai.bundler", "mediapipe.tasks.python.genai.converter",  # and these need them
    "onnxruntime", "ray", "moderngl",  # extras: OpenVINO is in, the others are for clusters and for training
    "onnx.backend", "onnx.reference", "onnx.test",
    # SciPy matches faces (optimize) and has erf (special).
    "scipy.cluster", "scipy.fftpack", "scipy.integrate", "scipy.interpolate", "scipy.io", "scipy.ndimage", "scipy.odr",
    "scipy.signal", "scipy.stats",
    "pyqtgraph.examples", "pyqtgraph.opengl", "pyqtgraph.canvas", "pyqtgraph.console",
    "torch.utils.tensorboard",
    "tkinter", "IPython", "pytest", "hypothesis", "setuptools", "pip", "lxml", "tensorboard",
)  # fmt: skip
"""Modules that are imported nowhere at run time."""

WITHOUT_TORCH = "--without-torch"
"""The word for a program whose only engine is OpenVINO: it reads no weights but the project's own."""

TORCH = ("torch", "torchgen", "functorch", "sympy", "networkx")
"""What stays out then, too."""

LEFT_OUT = (
    "torch/bin/*", "torch/test/*", "torch/include/*", "torch/share/*", "torch/lib/*test*", "torch/lib/*.a",
    "*openvino_intel_[gn]pu_*", "openvino/libs/cache.json",  # the program asks OpenVINO for the processor alone
    "*openvino_tensorflow*", "*openvino_pytorch*", "*openvino_paddle*", "*openvino_jax*", "*openvino_gguf*",
    "*arrow_flight*", "*arrow_python_flight*", "*pyarrow/_flight*",
    "*pyarrow/_substrait*",  # libarrow_substrait itself is wanted by the others
    "pyarrow/libarrow_python*.so", "pyarrow/libarrow_python*.so.*.*",  # the same once more, by names that nothing loads
    "pyarrow/include/*", "pyarrow/tests/*", "pyarrow/src/*", "pyarrow/*.px[di]", "pyarrow/*.pyx",
    "cv2/data/*", "cv2/qt/*",  # OpenCV's own cascades and its window system
    "*Qt6Qml*", "*Qt6Quick*", "*Qt6Pdf*", "*Qt6VirtualKeyboard*", "PyQt6/Qt6/translations/*", "PyQt6/Qt6/qml/*",
    "PyQt6/Qt6/plugins/platforminputcontexts/*virtualkeyboard*", "PyQt6/Qt6/plugins/imageformats/*pdf*",
    # GTK of the system that this is made on crashes on others; Qt draws the dialogs for files itself.
    "PyQt6/Qt6/plugins/platformthemes/*gtk*", "libgtk-3*", "libgdk*", "libgio-2*", "libgobject-2*", "libgmodule-2*",
    "libcairo*.so*", "libpango*", "libatk*", "libatspi*", "libharfbuzz.so*", "libepoxy*", "libpixman-1*",
    "onnx/backend/*", "onnx/test/*", "onnx/reference/*", "*/tests/*", "*.pyi",
)  # fmt: skip
"""Files that PyInstaller finds by itself and nothing here opens; patterns of their places in the program."""

KEPT = ("torch/bin/torch_shm_manager",)
"""Of them, what is looked for when its package is imported."""


def package_files(package: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Paths of a package's files, and the folders that they belong into.  Raises ModuleNotFoundError."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {package} is not installed.", name=package)
    folder = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            yield str(path), f"{package}/{path.relative_to(folder).parent.as_posix()}"


def is_left_out(place: str) -> bool:
    """Whether what would lie at ``place`` in the program is not needed there."""
    place = place.replace("\\", "/")
    return place not in KEPT and any(fnmatch.fnmatch(place, pattern) for pattern in LEFT_OUT)


def own_modules() -> list[str]:
    """Every module of the program except the training's: some are imported by their names alone."""
    names = []
    for package in ("app", "extractor"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if not name.startswith("extractor.training"):
                names.append(name)
    return names
