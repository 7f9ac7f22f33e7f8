// Everything textured that is not skin; mode 0: cloth and hard things, 1: hair, 2: eyes, 3: lenses.
uniform sampler2D tex;
// A luminance_scale below 0 paints the plain tint where `recolour` is 1.
uniform float mode, roughness, specular, cut, luminance_scale, alpha, textured, recolour, ao_flat, seed, ends, strands;
uniform vec3 tint;
void main() {
    vec4 t = textured > .5 ? texture(tex, UV) : vec4(.6, .6, .6, 1.);
    float al = clamp(t.a * alpha, 0., 1.);
    if (OP.y < ends + .12 * noise(OP * vec3(30., 0., 30.) + seed)) discard;
    if (cut > 0. && al < cut) discard;
    if (cut < 0. && al < .02) discard;
    vec3 a = pow(t.rgb, vec3(2.2));
    float own = luminance_scale < 0. ? 1. : clamp(dot(a, vec3(.3, .5, .2)) * luminance_scale, 0., 2.5);
    a = mix(a * tint, tint * own, recolour);
    vec3 V = normalize(-P), n = normalize(N);
    if (dot(n, V) < 0.) n = -n;
    float s = lit(mode == 1. ? .03 : .015), ao = mix(EX.x, 1., ao_flat);
    float ndl = dot(n, key_dir), nv = clamp(dot(n, V), 0., 1.);
    vec3 H = normalize(key_dir + V), c;
    if (mode == 1.) {
        // Locks and single strands, lighter and darker.
        a *= exp(strands * ((noise(OP * vec3(9., .8, 9.) + seed) - .5) * 1.6 + (noise(OP * vec3(60., 4., 60.) + seed) - .5) * 1.4));
        // Two shifted highlights along the strands (Scheuermann 2004, after Marschner et al. 2003).
        vec3 T = normalize(vec3(0, -1, 0) - n * dot(vec3(0, -1, 0), n) + vec3(.05));
        float j = (noise(OP * vec3(40., 4., 40.) + seed) - .5) * .35;
        float t1 = dot(normalize(T + n * (j - .08)), H), t2 = dot(normalize(T + n * (j + .12)), H);
        c = a * (irradiance(n) * mix(.55, 1., ao) * .9 + key_colour * clamp(.35 + .65 * ndl, 0., 1.) * mix(.15, 1., s)
            + fill_colour * clamp(.3 + .7 * dot(n, fill_dir), 0., 1.) * .7);
        c += s * key_colour * clamp(ndl + .2, 0., 1.) * specular
            * (pow(clamp(sqrt(1. - t1 * t1), 0., 1.), 90.) * .05 + a * pow(clamp(sqrt(1. - t2 * t2), 0., 1.), 24.) * .6);
        c += environment(reflect(-V, n), 4.5) * .03 * specular * ao;
    } else {
        float s2 = mode == 2. ? mix(.35, 1., s) : s;
        vec3 E = irradiance(n) * ao + key_colour * clamp(ndl, 0., 1.) * s2 + fill_colour * clamp(dot(n, fill_dir), 0., 1.);
        float fresnel = .04 + .96 * pow(1. - nv, 5.) * (mode == 2. ? 1. : .4);
        c = a * E + key_colour * s2 * clamp(ndl, 0., 1.) * ggx(dot(n, H), roughness) * .12 * specular
            + environment(reflect(-V, n), mode == 2. ? .5 : 4.) * fresnel * specular * ao;
        if (mode == 3.) {
            c = mix(c, environment(reflect(-V, n), .5) * (.06 + .9 * pow(1. - nv, 4.)), .35);
            al = alpha;
        }
    }
    col = vec4(tone(c), cut > 0. ? 1. : al);
}
