#version 330
// A vertex moved by the torso, neck and head matrices (linear blend skinning), and what every material needs of it.
uniform mat4 M_torso, M_neck, M_head, VP, LVP;
uniform float pull;  // moves the depth alone towards the viewer, so that hair cards don't sink into the scalp
in vec3 pos;
in vec3 nrm;
in vec2 uv;
in vec2 weight;  // neck, head; the torso has the rest
in vec4 extra;   // ambient occlusion, beard, scalp, mouth interior (2: hidden under clothes)
out vec3 P, N, LP, OP;
out vec2 UV;
out vec4 EX;
void main() {
    mat4 M = M_torso * max(0., 1. - weight.x - weight.y) + M_neck * weight.x + M_head * weight.y;
    vec4 q = M * vec4(pos, 1.);
    q /= max(q.w, 1e-6);
    P = q.xyz;
    N = mat3(M) * nrm;
    UV = uv;
    EX = extra;
    OP = pos;
    LP = (LVP * q).xyz * .5 + .5;
    gl_Position = VP * q;
    if (pull > 0.) {
        vec4 nearer = VP * vec4(P * (1. - pull / length(P)), 1.);
        gl_Position.z = nearer.z / nearer.w * gl_Position.w;
    }
}
