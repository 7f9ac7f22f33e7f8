"""What the graphics card holds for all scenes: programs, textures, environments, meshes of fixed topology."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from PIL import Image

from extractor.training.errors import TrainingError
from extractor.training.geometry import Array
from extractor.training.rendering.covers import fringe_cover, mask_cover, temples_cover
from extractor.training.rendering.head_model import HeadModel

SHADERS = Path(__file__).resolve().parent / "shaders"
FLOATS = 14  # per vertex: position 3, normal 3, uv 2, neck and head weight 2, extra 4
LAYOUT = ("3f 3f 2f 2f 4f", "pos", "nrm", "uv", "weight", "extra")
SHADOW_LAYOUT = ("3f 12x 2f 2f 16x", "pos", "uv", "weight")
SHADOW_SIZE = 384


class GpuMesh:
    """A vertex buffer that is rewritten for every scene, its triangles and how they are drawn."""

    def __init__(self, ctx: Any, programs: dict[str, Any], program: str, vertices: int, triangles: Array) -> None:
        self.buffer = ctx.buffer(reserve=vertices * FLOATS * 4, dynamic=True)
        indices = ctx.buffer(np.ascontiguousarray(triangles, "i4").tobytes())
        self.colour = ctx.vertex_array(programs[program], [(self.buffer, *LAYOUT)], indices)
        self.shadow = ctx.vertex_array(programs["shadow"], [(self.buffer, *SHADOW_LAYOUT)], indices)
        self._rows = np.zeros((vertices, FLOATS), np.float32)

    def write(self, positions: Array, normals: Array, uv: Array | float, weights: Array, extra: Array | float) -> None:
        rows = self._rows
        rows[:, :3], rows[:, 3:6], rows[:, 6:8], rows[:, 8:10], rows[:, 10:] = positions, normals, uv, weights, extra
        self.buffer.write(rows)

    def release(self) -> None:
        for thing in (self.colour, self.shadow, self.buffer):
            thing.release()


class GlAssets:
    """Context, programs, textures and meshes; one a process."""

    def __init__(self, model: HeadModel) -> None:
        self.ctx: Any = create_context()
        self.device = str(self.ctx.info["GL_RENDERER"])
        self.programs = {
            "skin": self._program("mesh.vert", "skin.frag"),
            "surface": self._program("mesh.vert", "surface.frag"),
            "shell": self._program("shell.vert", "shell.frag"),
            "shadow": self._program("shadow.vert", "shadow.frag"),
            "background": self._program("background.vert", "background.frag"),
        }
        corners = self.ctx.buffer(np.array([-1, -1, 3, -1, -1, 3], "f4").tobytes())
        self.screen = self.ctx.vertex_array(self.programs["background"], [(corners, "2f", "p")])
        self.shadow_map = self.ctx.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self.shadow_map.compare_func = "<="
        self.shadow_map.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self.shadow_buffer = self.ctx.framebuffer(depth_attachment=self.shadow_map)
        self._load_textures(model)
        self._make_meshes(model)

    def new_mesh(self, vertices: int, triangles: Array) -> GpuMesh:
        """A mesh for one scene; the caller releases it."""
        return GpuMesh(self.ctx, self.programs, "surface", vertices, triangles)

    def texture(self, name: str | None) -> Any:
        return self.textures[name] if name is not None else self.white

    def _program(self, vertex: str, fragment: str) -> Any:
        source = (SHADERS / fragment).read_text(encoding="utf-8")
        if not source.startswith("#version"):
            source = (SHADERS / "common.glsl").read_text(encoding="utf-8") + source
        return self.ctx.program((SHADERS / vertex).read_text(encoding="utf-8"), source)

    def _texture(self, image: Image.Image, *, flip: bool = True) -> Any:
        if flip:
            image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        texture = self.ctx.texture(image.size, 4 if image.mode == "RGBA" else 3, image.tobytes(), alignment=1)
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        return texture

    def _load_textures(self, model: HeadModel) -> None:
        folder, env = model.pack.folder, model.pack.environments
        self.textures = {
            name: self._texture(Image.open(folder / "skin" / f"{name}.jpg").convert("RGB"))
            for name in model.pack.meta["skins"]
        }
        for proxy in model.proxies.values():
            for name in proxy.textures:
                self.textures[name] = self._texture(Image.open(folder / name).convert("RGBA"))
        self.white = self._texture(Image.new("RGBA", (4, 4), (160, 160, 160, 255)))
        self.harmonics: Array = env["sh"]
        self.light_maps, self.panoramas = [], []
        for i, name in enumerate(env["names"]):
            hdr = np.minimum(env["hdr"][i].astype(np.float32), 30).astype(np.float16)
            light = self.ctx.texture((hdr.shape[1], hdr.shape[0]), 3, hdr.tobytes(), dtype="f2", alignment=1)
            light.build_mipmaps()
            light.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self.light_maps.append(light)
            self.panoramas.append(self._texture(Image.open(folder / "env" / f"{name}.jpg").convert("RGB"), flip=False))

    def _make_meshes(self, model: HeadModel) -> None:
        self.skin = GpuMesh(self.ctx, self.programs, "skin", len(model.skin_vertices), model.skin_triangles)
        self.proxies = {
            name: GpuMesh(self.ctx, self.programs, "surface", len(p.render_vertices), p.triangles)
            for name, p in model.proxies.items()
        }
        g = model.pack.geometry
        covers = {
            "scalp": np.maximum(g["scalp"], g["cap"]),
            "beard": g["beard"],
            "mask": mask_cover(model),
            "fringe": fringe_cover(model),
            "temples": temples_cover(model),
        }
        self.shells = {}
        for region, share in covers.items():
            rows = (share[model.skin_vertices][model.skin_triangles] > 0.02).any(1)
            indices = self.ctx.buffer(np.ascontiguousarray(model.skin_triangles[rows], "i4").tobytes())
            cover = self.ctx.buffer(share[model.skin_vertices].astype("f4").tobytes())
            self.shells[region] = self.ctx.vertex_array(
                self.programs["shell"], [(self.skin.buffer, *LAYOUT), (cover, "1f", "cover")], indices
            )


def create_context() -> Any:
    """A context without a window; raises ``TrainingError`` where the system has no EGL."""
    try:
        return moderngl.create_context(standalone=True, backend="egl")  # type: ignore[arg-type, unused-ignore]
    except Exception as error:  # moderngl raises bare Exceptions
        raise TrainingError(
            f"No OpenGL context could be made ({error}); rendering needs EGL, on Debian the packages "
            "libegl1 and libgl1-mesa-dri."
        ) from error
