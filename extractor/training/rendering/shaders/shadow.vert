#version 330
uniform mat4 M_torso, M_neck, M_head, LVP;
in vec3 pos;
in vec2 uv;
in vec2 weight;
out vec2 UV;
void main() {
    mat4 M = M_torso * max(0., 1. - weight.x - weight.y) + M_neck * weight.x + M_head * weight.y;
    vec4 q = M * vec4(pos, 1.);
    UV = uv;
    gl_Position = LVP * (q / max(q.w, 1e-6));
}
