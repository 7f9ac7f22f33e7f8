in float H, Q;
uniform vec3 tint, tint2;
uniform float density, frequency, solid, seed, curl, edge_at, pleats, straight;
void main() {
    vec3 V = normalize(-P), n = normalize(N), a = tint;
    float q = clamp(Q * density, 0., 1.), ao = EX.x;
    if (solid > .5) {
        if (Q < edge_at) discard;
        float knit = sin((pleats > .5 ? OP.y * 2.2 : UV.x) * frequency * 6.) * .5 + .5;
        a = mix(tint, tint2, step(.5, fract(OP.y * 3. + seed)) * step(.5, fract(seed * 7.1)) * (1. - pleats));
        a *= .75 + .35 * knit * mix(noise(OP * 60.), 1., pleats * .7);
        n = normalize(n + mix(.25, .06, pleats) * vec3(noise(OP * 35.) - .5, noise(OP * 35. + 7.) - .5, noise(OP * 35. + 3.) - .5));
    } else {
        vec3 at = OP * frequency * vec3(1., mix(1., .14, straight), 1.) + curl * vec3(sin(H * 6. + OP.y * 9.), 0., cos(H * 6. + OP.x * 9.));
        float strand = noise(at + seed) * .6 + noise(at * 2.3 + seed) * .4, edge = noise(OP * 9. + seed);
        if (strand < 1. - q * (.95 - .55 * H) * (.75 + .5 * edge)) discard;
        a *= (.35 + .65 * H) * (.75 + .5 * noise(OP * 14. + seed));
    }
    float s = lit(.03), ndl = dot(n, key_dir);
    vec3 c = a * (irradiance(n) * mix(.6, 1., ao) + key_colour * clamp(.25 + .75 * ndl, 0., 1.) * mix(.2, 1., s)
        + fill_colour * clamp(.25 + .75 * dot(n, fill_dir), 0., 1.));
    if (solid < .5) c += key_colour * s * clamp(ndl, 0., 1.) * ggx(dot(n, normalize(key_dir + V)), .5) * .012 * H;
    col = vec4(tone(c), 1.);
}
