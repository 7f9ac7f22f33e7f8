#version 330
// Layers of the skin pushed outwards: short hair, curls and beards as fur, beanies and face masks as one solid layer.
uniform mat4 M_torso, M_neck, M_head, VP, LVP;
uniform float thickness, layers, region, solid, seed, clump;  // region 0: scalp, 1: beard, 2 and 3: given in `cover`
in vec3 pos;
in vec3 nrm;
in vec2 uv;
in vec2 weight;
in vec4 extra;
in float cover;
out vec3 P, N, LP, OP;
out vec2 UV;
out vec4 EX;
out float H, Q;
float wave(vec3 p) { return sin(p.x * 2.3 + seed) * sin(p.y * 2.9 + seed * 1.7) * sin(p.z * 2.1 + seed * .6); }
void main() {
    mat4 M = M_torso * max(0., 1. - weight.x - weight.y) + M_neck * weight.x + M_head * weight.y;
    Q = region < .5 ? extra.z : region < 1.5 ? extra.y : cover;
    H = solid > .5 ? 1. : (float(gl_InstanceID) + 1.) / layers;
    float hang = region > 2.5 ? 1.1 : .35;  // a fringe falls over the brow, fur on the scalp stands
    vec3 g = normalize(nrm + vec3(0., -hang * H * (1. - solid), 0.));
    float l = thickness * (.35 + .65 * Q) * (1. + clump * wave(pos * 1.7) + .5 * clump * wave(pos.yzx * 4.1));
    vec4 q = M * vec4(pos + g * l * H * step(.02, Q), 1.);
    P = q.xyz;
    N = mat3(M) * nrm;
    UV = uv;
    EX = extra;
    OP = pos;
    LP = (LVP * q).xyz * .5 + .5;
    gl_Position = VP * q;
}
