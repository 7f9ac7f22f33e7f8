uniform sampler2D texA, texB;
uniform float mixture, roughness, specular, relief, blotches, gamma, beard, scalp, seed, mouth_dark;
uniform vec3 tint, beard_colour, scalp_colour;
uniform vec3 lips, lids, cheeks, amounts;  // makeup; amounts of each
uniform float freckles;
uniform vec3 mouth_at, mouth_size, eye_l, eye_r, cheek_l, cheek_r;  // where they are, in the model's coordinates
float spot(vec3 at, vec3 size) { return 1. - smoothstep(.7, 1.15, length((OP - at) / size)); }
void main() {
    if (EX.w > 1.9) discard;
    vec3 n = normalize(N), V = normalize(-P);
    vec3 a = pow(mix(texture(texA, UV).rgb, texture(texB, UV).rgb, mixture), vec3(2.2));
    float lum = dot(a, vec3(.3, .5, .2));
    // Fine relief from the texture's own brightness (Mikkelsen 2010).
    vec3 dpx = dFdx(P), dpy = dFdy(P), r1 = cross(dpy, n), r2 = cross(n, dpx);
    float hx = dFdx(lum), hy = dFdy(lum), det = dot(dpx, r1);
    n = normalize(n - relief * sign(det) * clamp((hx * r1 + hy * r2) / (abs(det) + 1e-6), -1.5, 1.5) * .02);
    a = pow(a, vec3(gamma)) * tint;
    a *= 1. + blotches * (noise(OP * 7. + seed) * .6 + noise(OP * 19. + seed) * .4 - .5) * vec3(.5, .9, .9);
    float by_eye = max(spot(eye_l, vec3(.2, .12, .3)), spot(eye_r, vec3(.2, .12, .3)));
    float by_cheek = max(spot(cheek_l, vec3(.3, .25, .4)), spot(cheek_r, vec3(.3, .25, .4)));
    a = mix(a, lids, by_eye * amounts.y);
    a = mix(a, cheeks, by_cheek * amounts.z * .6);
    a = mix(a, lips * (.6 + lum), spot(mouth_at, mouth_size) * amounts.x);
    a *= 1. - freckles * smoothstep(.62, .8, noise(OP * 42. + seed)) * (.4 + .6 * by_cheek) * vec3(.3, .45, .5);
    float ao = EX.x;
    float stubble = noise(OP * 110. + seed * 3.) * .5 + noise(OP * 210. + seed) * .5;
    float b = clamp(EX.y * beard, 0., 1.);
    b *= smoothstep(.9 - .75 * b, 1., stubble + .35 * b);
    a = mix(a, beard_colour, b);
    a = mix(a, scalp_colour, clamp(EX.z * scalp, 0., 1.) * (.65 + .35 * stubble));
    float s = lit(.012), ndl = dot(n, key_dir), ndf = dot(n, fill_dir);
    // Wrapped diffuse light, wider in red, stands for the light scattered under the skin.
    vec3 wrap = vec3(.32, .16, .1);
    vec3 diffuse = clamp((ndl + wrap) / ((1. + wrap) * (1. + wrap)), 0., 1.) * mix(vec3(s), vec3(1), vec3(.12, .03, .02));
    vec3 E = irradiance(n) * mix(vec3(ao), sqrt(vec3(ao)), vec3(.6, .15, .1)) + key_colour * diffuse * mix(1., ao, .5)
        + fill_colour * clamp((ndf + wrap) / ((1. + wrap) * (1. + wrap)), 0., 1.) * ao;
    float nv = clamp(dot(n, V), 0., 1.);
    vec3 H = normalize(key_dir + V), H2 = normalize(fill_dir + V);
    float fresnel = .028 + .972 * pow(1. - nv, 5.) * .5;
    // Highlights stand out more on dark skin, where the diffuse part is small: without this it looks like plastic.
    float gloss = specular * (1. - .8 * b) * mix(.45, 1., smoothstep(.02, .25, lum));
    vec3 shine = key_colour * s * clamp(ndl, 0., 1.) * (.6 * ggx(dot(n, H), roughness) + .4 * ggx(dot(n, H), roughness * .55)) * .084 * gloss
        + fill_colour * clamp(ndf, 0., 1.) * ggx(dot(n, H2), roughness) * .084 * gloss * ao
        + environment(reflect(-V, n), 4.5) * fresnel * gloss * ao * ao * .8;
    vec3 c = a * E + shine;
    // The inside of the mouth: dark and red, not black.
    float inside = clamp(EX.w, 0., 1.);
    c = mix(c, c * mouth_dark * vec3(1.3, .75, .7) + vec3(.012, .003, .003), inside);
    col = vec4(tone(c), 1.);
}
