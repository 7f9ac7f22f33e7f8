#version 330
// Light and noise shared by all materials.  Directions point from the surface; colours are linear.
uniform vec3 SH[9];
uniform mat3 Renv;
uniform sampler2D env;
uniform sampler2DShadow shadow;
uniform vec3 key_dir, key_colour, fill_dir, fill_colour;
uniform float exposure, shadow_softness, dapple;
uniform vec3 dapple_scale;
in vec3 P, N, LP, OP;
in vec2 UV;
in vec4 EX;
out vec4 col;

// Irradiance of the environment from nine spherical harmonics (Ramamoorthi and Hanrahan 2001).
vec3 irradiance(vec3 n) {
    n = Renv * n;
    return max(vec3(0), SH[0] * .282095 + SH[1] * .488603 * n.y + SH[2] * .488603 * n.z + SH[3] * .488603 * n.x
        + SH[4] * 1.092548 * n.x * n.y + SH[5] * 1.092548 * n.y * n.z + SH[6] * .315392 * (3. * n.z * n.z - 1.)
        + SH[7] * 1.092548 * n.x * n.z + SH[8] * .546274 * (n.x * n.x - n.y * n.y));
}
vec3 environment(vec3 d, float lod) {
    d = Renv * d;
    vec2 at = vec2(.5 + atan(d.x, -d.z) / 6.2831853, acos(clamp(d.y, -1., 1.)) / 3.14159265);
    return textureLod(env, at, lod).rgb;
}
float hash(vec3 p) {
    p = fract(p * vec3(443.897, 441.423, 437.195));
    p += dot(p, p.yzx + 19.19);
    return fract((p.x + p.y) * p.z);
}
float noise(vec3 x) {
    vec3 i = floor(x), f = fract(x);
    f = f * f * (3. - 2. * f);
    return mix(mix(mix(hash(i), hash(i + vec3(1, 0, 0)), f.x), mix(hash(i + vec3(0, 1, 0)), hash(i + vec3(1, 1, 0)), f.x), f.y),
               mix(mix(hash(i + vec3(0, 0, 1)), hash(i + vec3(1, 0, 1)), f.x), mix(hash(i + vec3(0, 1, 1)), hash(i + vec3(1, 1, 1)), f.x), f.y), f.z);
}
float lit(float bias) {
    float s = 0.;
    for (int i = -1; i <= 1; i += 2)
        for (int j = -1; j <= 1; j += 2)
            s += texture(shadow, vec3(LP.xy + vec2(float(i), float(j)) * shadow_softness, LP.z - bias));
    // Leaves or blinds before the light: noise across its direction.
    return s * .25 * mix(1., smoothstep(.4, .6, noise((P - key_dir * dot(P, key_dir)) * dapple_scale + 31.)), dapple);
}
// The GGX distribution (Walter et al. 2007); a is the roughness squared.
float ggx(float nh, float a) {
    float a2 = a * a;
    float d = nh * nh * (a2 - 1.) + 1.;
    return a2 / (3.14159 * d * d + 1e-5);
}
vec3 tone(vec3 c) {
    c *= exposure;
    c = c / (1. + c * .25) * 1.02;
    return pow(clamp(c, 0., 1.), vec3(1. / 2.2));
}
