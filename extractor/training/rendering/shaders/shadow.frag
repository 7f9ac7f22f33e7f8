#version 330
uniform sampler2D tex;
uniform float cut;
in vec2 UV;
void main() {
    if (cut > 0. && texture(tex, UV).a < cut) discard;
}
