#version 330
// mode 0: the environment seen through the camera, 1: two colours with a gradient, 2: a wall with shapes on it,
// 3: shelves of books, bricks or blinds, 4: leaves, cloth, wallpaper.
uniform sampler2D tex;
uniform mat3 Renv;
uniform vec2 tangent;
uniform float mode, lod, gain, seed;
uniform vec3 c0, c1, c2;
in vec2 q;
out vec4 col;
float hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7)) + seed * 17.3) * 43758.5453); }
float smooth_noise(vec2 x) {
    vec2 i = floor(x), f = fract(x);
    f = f * f * (3. - 2. * f);
    return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
void main() {
    vec2 u = q * .5 + .5;
    if (mode < .5) {
        vec3 d = Renv * normalize(vec3(q * tangent, -1.));
        vec2 at = vec2(.5 + atan(d.x, -d.z) / 6.2831853, acos(clamp(d.y, -1., 1.)) / 3.14159265);
        col = vec4(pow(clamp(textureLod(tex, at, lod).rgb, 0., 1.), vec3(1. / gain)), 1.);
    } else if (mode < 1.5) {
        col = vec4(mix(mix(c0, c1, u.x), c2, u.y), 1.);
    } else if (mode > 3.5) {
        vec2 at = (u - .5) * mix(3., 30., hash(vec2(1., 3.))) * mix(vec2(1.), vec2(hash(vec2(2., 1.)), hash(vec2(2., 2.))) + .2, .5);
        float low = smooth_noise(at * .35), leaf = 0., size = 1.;
        for (int i = 0; i < 4; i++) {
            leaf += (smooth_noise(at * size + float(i) * 7.3) - .5) / sqrt(size);
            size *= 2.1;
        }
        float edge = mix(.03, .5, lod);
        vec3 c = mix(c0, c1, smoothstep(-edge, edge, leaf));
        c = mix(c, c2, smoothstep(-edge, edge, leaf - .25)) * mix(.3, 1.3, low);
        col = vec4(clamp(c * gain, 0., 1.), 1.);
    } else if (mode > 2.5) {
        float rows = floor(mix(2., 12., hash(vec2(9., 1.)))), row = floor(u.y * rows), across = mix(2., 30., hash(vec2(9., 2.)));
        float x = u.x * across + hash(vec2(row, 5.)) * 9., k = floor(x + .35 * sin(floor(x) * 3.7 + row));
        vec2 in_cell = vec2(fract(x), fract(u.y * rows));
        vec3 paint = mix(mix(c0, c1, hash(vec2(k, row))), c2 * hash(vec2(row, k)), hash(vec2(k + 3., row)) * mix(.2, 1., hash(vec2(9., 4.))));
        float tall = mix(.55, 1., hash(vec2(k, row + 7.))), soft = .02 + .3 * lod;
        float inside = smoothstep(0., soft, in_cell.x) * smoothstep(0., soft, 1. - in_cell.x) * smoothstep(tall + soft, tall, in_cell.y);
        col = vec4(clamp(mix(c0 * .25, paint, inside) * gain, 0., 1.), 1.);
    } else {
        // Frames, shelves, windows, lamps: soft-edged boxes and discs at random places.
        vec3 c = mix(c0, c0 * .7 + c1 * .3, u.y);
        for (int i = 0; i < 9; i++) {
            float k = float(i);
            vec2 at = vec2(hash(vec2(k, 1.)), hash(vec2(k, 2.)));
            vec2 half_size = vec2(hash(vec2(k, 3.)), hash(vec2(k, 4.))) * vec2(.22, .28) + .01;
            vec2 d = abs(u - at) / half_size;
            float r = hash(vec2(k, 5.)) < .7 ? max(d.x, d.y) : length(d);
            float soft = .02 + lod * .12;
            vec3 paint = mix(mix(c1, c2, hash(vec2(k, 6.))), vec3(hash(vec2(k, 7.)), hash(vec2(k, 8.)), hash(vec2(k, 9.))), .45);
            c = mix(c, paint * (.6 + .8 * hash(vec2(k, 10.))), 1. - smoothstep(1. - soft, 1. + soft, r));
        }
        col = vec4(clamp(c * gain, 0., 1.), 1.);
    }
}
