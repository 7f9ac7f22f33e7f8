"""Draws scenes with OpenGL through EGL, in software or on a GPU, and says where everything went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np
from scipy.spatial.transform import Rotation

from extractor.training.geometry import Array
from extractor.training.rendering.gl_assets import GlAssets, GpuMesh
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.makeup import makeup_places
from extractor.training.rendering.placement import FAR, NEAR, Placement, place
from extractor.training.rendering.scene import Mesh, Part, Scene, Surface

MODES = {"hair": 1.0, "brow": 1.0, "lash": 1.0, "eyes": 2.0}
ORDER = ("teeth", "tongue", "eyes", "cloth", "hat", "brow", "lash", "hair")
TRANSPARENT = ("hair", "brow", "lash")
PULL = {"hair": 0.085, "hat": 0.16, "brow": 0.012, "lash": 0.01, "cloth": 0.01}
"""How far a proxy's depth is moved to the viewer, in decimetres: cards must not sink into the skin."""
BACKGROUND_MODES = {"environment": 0.0, "gradient": 1.0, "shapes": 2.0, "shelves": 3.0, "foliage": 4.0}
REGIONS = {"scalp": 0.0, "beard": 1.0, "mask": 2.0, "fringe": 3.0, "temples": 3.0}
SHADOW_REACH = (2.0, 4.0)  # half width and half depth of the shadow map, decimetres


@dataclass(frozen=True, eq=False)
class Drawn:
    """One image and what its labels are made of."""

    image: Array  # (S, S, 3) uint8 RGB
    depth: Array  # (S', S') distance along the viewing axis in decimetres, S' with supersampling
    placement: Placement


class Renderer:
    """Square images of ``size`` pixels, each the mean of ``supersample`` squared (a power of two)."""

    def __init__(self, model: HeadModel, size: int = 256, supersample: int = 2) -> None:
        if supersample not in (1, 2, 4):
            raise ValueError(f"supersample must be 1, 2 or 4, not {supersample}")
        self.model = model
        self.assets = GlAssets(model)
        self._level = supersample.bit_length() - 1
        ctx, full = self.assets.ctx, size * supersample
        self._colour = ctx.texture((full, full), 4)
        self._depth = ctx.depth_texture((full, full))
        self._target = ctx.framebuffer([self._colour], self._depth)
        self._full = full

    @property
    def device(self) -> str:
        return self.assets.device

    def draw(self, scene: Scene) -> Drawn:
        """Draw one scene."""
        placement = place(self.model, scene)
        meshes = [(mesh, self._upload_mesh(mesh, placement)) for mesh in scene.meshes]
        self._upload_skin(scene)
        for name, part in scene.parts.items():
            self._upload_part(name, part, scene)
        to_light = self._draw_shadow(scene, placement, meshes)
        shared = self._shared_uniforms(scene, placement, to_light)
        self._target.use()
        self._target.clear(0, 0, 0, 1, depth=1.0)
        self._draw_background(scene, placement)
        self._draw_skin(scene, shared)
        self._draw_parts(scene, shared)
        self._draw_meshes(meshes)
        for _, buffers in meshes:
            buffers.release()
        return Drawn(self._read_image(), self._read_depth(), placement)

    # ------------------------------------------------------------------ geometry to the card

    def _upload_skin(self, scene: Scene) -> None:
        model, g = self.model, self.model.pack.geometry
        rows = model.skin_vertices
        beanie = any(s.region == "scalp" and s.solid for s in scene.shells)
        extra = np.ones((len(rows), 4), np.float32)
        extra[:, 0], extra[:, 1] = g["ao"][rows], g["beard"][rows]
        extra[:, 2] = g["cap" if beanie else "scalp"][rows]
        extra[:, 3] = g["chart"] >= 2
        hidden = np.zeros(len(model.base), bool)
        for name, part in scene.parts.items():
            if part.kind == "cloth":
                hidden[model.proxies[name].hides] = True
        extra[hidden[rows], 3] = 2
        vertices = scene.person.deformed
        normals = model.skin_normals(vertices)
        self.assets.skin.write(vertices[rows], normals[rows], model.skin_uv, model.skinning[rows], extra)

    def _upload_part(self, name: str, part: Part, scene: Scene) -> None:
        proxy = self.model.proxies[name]
        vertices = self.model.proxy_vertices(name, scene.person.deformed)
        if part.kind == "eyes":
            vertices = _turn_eyes(vertices, part.gaze)
        if part.warp is not None:
            vertices = part.warp(vertices)
        normals, rows = self.model.proxy_normals(name, vertices), proxy.render_vertices
        extra = np.ones((len(rows), 4), np.float32)
        if part.kind == "eyes":
            extra[:, 0] = self.model.pack.geometry["eyeao"][rows]
        self.assets.proxies[name].write(vertices[rows], normals[rows], proxy.uv, proxy.skinning[rows], extra)

    def _upload_mesh(self, mesh: Mesh, placement: Placement) -> GpuMesh:
        buffers = self.assets.new_mesh(len(mesh.vertices), mesh.triangles)
        vertices, normals = mesh.vertices, mesh.normals
        if mesh.attached == "camera":  # undo the head's matrix, which the shader applies
            back = placement.head[:3, :3].T
            vertices = (vertices + placement.centre - placement.head[:3, 3]) @ back.T
            normals = normals @ back.T
        buffers.write(vertices, normals, 0.0, np.array([0, 1.0]), np.ones(4))
        return buffers

    # ------------------------------------------------------------------ passes

    def _draw_shadow(self, scene: Scene, placement: Placement, meshes: list[tuple[Mesh, GpuMesh]]) -> Array:
        """Depth from the key light; returns camera to light coordinates."""
        a, ctx = self.assets, self.assets.ctx
        light = scene.light.key_direction
        up = np.array([0, 1, 0.0]) if abs(light[1]) < 0.9 else np.array([1.0, 0, 0])
        x = np.cross(up, light)
        x /= np.linalg.norm(x)
        view = np.eye(4)
        view[:3, :3] = np.stack([x, np.cross(light, x), light])
        view[:3, 3] = -view[:3, :3] @ placement.centre
        to_light = np.diag([1 / SHADOW_REACH[0], 1 / SHADOW_REACH[0], -1 / SHADOW_REACH[1], 1]) @ view
        a.shadow_buffer.use()
        a.shadow_buffer.clear(depth=1.0)
        ctx.enable(moderngl.DEPTH_TEST)
        ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
        program = a.programs["shadow"]
        _set(program, **_bones(placement), LVP=to_light, tex=0, cut=0.0)
        a.white.use(0)
        a.skin.shadow.render()
        for name, part in scene.parts.items():
            if part.kind in ("hair", "cloth", "hat"):
                a.texture(part.surface.texture).use(0)
                _set(program, cut=0.5 if part.surface.texture and part.kind == "hair" else 0.0)
                a.proxies[name].shadow.render()
        _set(program, cut=0.0)
        for mesh, buffers in meshes:
            if not mesh.lens:
                buffers.shadow.render()
        return np.asarray(to_light)

    def _shared_uniforms(self, scene: Scene, placement: Placement, to_light: Array) -> dict[str, Any]:
        light, a = scene.light, self.assets
        a.light_maps[light.environment].use(6)
        a.shadow_map.use(7)
        return {
            **_bones(placement),
            "VP": placement.projection,
            "LVP": to_light,
            "SH": a.harmonics[light.environment] * light.gain,
            "Renv": light.turn,
            "env": 6,
            "shadow": 7,
            "key_dir": light.key_direction,
            "key_colour": light.key_colour,
            "fill_dir": light.fill_direction,
            "fill_colour": light.fill_colour,
            "exposure": light.exposure,
            "shadow_softness": light.shadow_softness,
            "dapple": light.dapple,
            "dapple_scale": light.dapple_scale,
        }

    def _draw_background(self, scene: Scene, placement: Placement) -> None:
        b, a = scene.background, self.assets
        a.ctx.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
        a.panoramas[scene.light.environment].use(0)
        tangent = placement.tangent * b.zoom
        _set(
            a.programs["background"],
            tex=0, Renv=scene.light.turn @ b.turn, tangent=(tangent, tangent), mode=BACKGROUND_MODES[b.mode],
            lod=b.lod, gain=b.gain, seed=b.seed, c0=b.colours[0], c1=b.colours[1], c2=b.colours[2],
        )  # fmt: skip
        a.screen.render()

    def _draw_skin(self, scene: Scene, shared: dict[str, Any]) -> None:
        a, s = self.assets, scene.skin
        a.ctx.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        a.textures[s.textures[0]].use(0)
        a.textures[s.textures[1]].use(1)
        _set(
            a.programs["skin"], **shared,
            texA=0, texB=1, mixture=s.mixture, roughness=s.roughness, specular=s.specular, relief=s.relief,
            blotches=s.blotches, gamma=s.gamma, tint=s.tint, beard=s.beard, beard_colour=s.beard_colour,
            scalp=s.scalp, scalp_colour=s.scalp_colour, mouth_dark=s.mouth_dark, seed=s.seed, pull=0.0,
            lips=s.makeup.lips, lids=s.makeup.lids, cheeks=s.makeup.cheeks, amounts=s.makeup.amounts,
            freckles=s.makeup.freckles, **makeup_places(self.model, scene.person.deformed),
        )  # fmt: skip
        a.skin.colour.render()
        a.ctx.disable(moderngl.CULL_FACE)
        for shell in scene.shells:
            mask = shell.region == "mask"
            _set(
                a.programs["shell"], **shared,
                region=REGIONS[shell.region], thickness=shell.thickness, layers=float(shell.layers), tint=shell.tint,
                tint2=shell.tint2, density=shell.density, frequency=shell.frequency, solid=float(shell.solid),
                seed=shell.seed, clump=shell.clump, curl=shell.curl, edge_at=0.4 if mask else 0.42, pleats=float(mask),
                straight=shell.straight,
            )  # fmt: skip
            a.shells[shell.region].render(instances=1 if shell.solid else shell.layers)

    def _draw_parts(self, scene: Scene, shared: dict[str, Any]) -> None:
        a = self.assets
        _set(a.programs["surface"], **shared)
        for name, part in sorted(scene.parts.items(), key=lambda item: ORDER.index(item[1].kind)):
            mesh = a.proxies[name].colour
            self._surface(part.surface, MODES.get(part.kind, 0.0), PULL.get(part.kind, 0.0), part.ends)
            if part.kind not in TRANSPARENT:
                a.ctx.disable(moderngl.BLEND)
                mesh.render()
                continue
            self._blend()
            if part.kind == "hair":  # the dense part first, with depth, then its soft edges
                _set(a.programs["surface"], cut=0.55)
                mesh.render()
            self._target.depth_mask = False
            _set(a.programs["surface"], cut=-1.0)
            mesh.render()
            self._target.depth_mask = True
        a.ctx.disable(moderngl.BLEND)

    def _draw_meshes(self, meshes: list[tuple[Mesh, GpuMesh]]) -> None:
        for mesh, buffers in sorted(meshes, key=lambda item: item[0].lens):
            self._surface(mesh.surface, 3.0 if mesh.lens else 0.0, 0.0)
            if mesh.lens:
                self._blend()
                self._target.depth_mask = False
                _set(self.assets.programs["surface"], cut=-1.0)
            buffers.colour.render()
            self._target.depth_mask = True
        self.assets.ctx.disable(moderngl.BLEND)

    def _surface(self, s: Surface, mode: float, pull: float, ends: float = -100.0) -> None:
        self.assets.texture(s.texture).use(0)
        _set(
            self.assets.programs["surface"],
            tex=0, mode=mode, roughness=s.roughness, specular=s.specular, cut=s.cut, alpha=s.alpha, tint=s.tint,
            luminance_scale=s.luminance_scale, textured=0.0 if s.texture is None else 1.0, recolour=s.recolour,
            ao_flat=s.ao_flat, seed=s.seed, pull=pull, ends=ends, strands=s.strands,
        )  # fmt: skip

    def _blend(self) -> None:
        self.assets.ctx.enable(moderngl.BLEND)
        self.assets.ctx.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA

    # ------------------------------------------------------------------ back from the card

    def _read_image(self) -> Array:
        size = self._full >> self._level
        if self._level:
            self._colour.build_mipmaps(0, self._level)  # each level is the mean of 2 x 2 pixels
        data = np.frombuffer(self._colour.read(level=self._level, alignment=1), np.uint8).reshape(size, size, 4)
        return np.ascontiguousarray(data[::-1, :, :3])

    def _read_depth(self) -> Array:
        stored = np.frombuffer(self._depth.read(alignment=1), np.float32).reshape(self._full, self._full)[::-1]
        return np.asarray(2 * NEAR * FAR / (FAR + NEAR - (2 * stored - 1) * (FAR - NEAR)))


def _bones(placement: Placement) -> dict[str, Array]:
    return {"M_torso": placement.torso, "M_neck": placement.neck, "M_head": placement.head}


def _turn_eyes(vertices: Array, gaze: tuple[float, float]) -> Array:
    """Each eye turned about its own centre by yaw and pitch in the head's coordinates."""
    turn = Rotation.from_euler("XY", [gaze[1], gaze[0]], degrees=True).as_matrix()
    vertices = vertices.copy()
    for eye in (vertices[:, 0] > 0, vertices[:, 0] <= 0):
        centre = (vertices[eye].max(0) + vertices[eye].min(0)) / 2
        vertices[eye] = (vertices[eye] - centre) @ turn.T + centre
    return vertices


def _set(program: Any, **values: Any) -> None:
    """Set the uniforms that the program has; matrices go column by column."""
    for name, value in values.items():
        if name not in program:
            continue  # optimised away, or another program's
        if isinstance(value, (int, float)):
            program[name].value = value
        else:
            x = np.asarray(value, "f4")
            square = x.ndim == 2 and x.shape[0] == x.shape[1]
            program[name].write(np.ascontiguousarray(x.T if square else x).tobytes())
