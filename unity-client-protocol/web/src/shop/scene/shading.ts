/**
 * A cheap twin for every lit material: light is worked out per corner instead of per pixel. On a
 * software renderer that is several times faster and looks almost the same, because nothing here
 * shines much.
 */
import * as THREE from "three";

const SHADE = /* glsl */ `
  vec3 shadeNormal = normalize(mat3(modelMatrix) * normal);
  float shadeUp = 0.5 + 0.5 * shadeNormal.y;
  float shadeSun = max(dot(shadeNormal, normalize(vec3(5.0, 15.0, 3.5))), 0.0);
  float shadeFill = max(dot(shadeNormal, normalize(vec3(-8.0, 6.0, -6.0))), 0.0);
  vShade = mix(vec3(0.45, 0.33, 0.22), vec3(0.6, 0.55, 0.48), shadeUp)
    + shadeSun * vec3(0.56, 0.43, 0.27) + shadeFill * vec3(0.1, 0.11, 0.14) + shadeEmissive;
`;

const twins = new WeakMap<THREE.Material, THREE.MeshBasicMaterial>();
const originals = new WeakMap<THREE.Material, THREE.MeshStandardMaterial>();

/** Put cheap materials on everything below `root`. */
export function simplify(root: THREE.Object3D): void {
  root.traverse((object) => {
    if (object instanceof THREE.Mesh && object.material instanceof THREE.MeshStandardMaterial) {
      object.material = twinOf(object.material);
    }
  });
}

/** Put the lit materials back. */
export function enrich(root: THREE.Object3D): void {
  root.traverse((object) => {
    if (!(object instanceof THREE.Mesh) || Array.isArray(object.material)) return;
    const lit = originals.get(object.material);
    if (lit) object.material = lit;
  });
}

/** Fewer texture reads for a pixel: a little softer in the distance. */
function cheapen(texture: THREE.Texture): void {
  texture.anisotropy = 1;
  texture.minFilter = THREE.LinearMipmapNearestFilter;
  texture.needsUpdate = true;
}

function twinOf(lit: THREE.MeshStandardMaterial): THREE.MeshBasicMaterial {
  const known = twins.get(lit);
  if (known) return known;
  if (lit.map) cheapen(lit.map);
  const twin = new THREE.MeshBasicMaterial({
    color: lit.color,
    map: lit.map,
    vertexColors: lit.vertexColors,
    transparent: lit.transparent,
    opacity: lit.opacity,
    side: lit.side,
    fog: lit.fog,
  });
  const emissive = lit.emissive.clone().multiplyScalar(lit.emissiveIntensity);
  twin.onBeforeCompile = (shader) => {
    shader.uniforms["shadeEmissive"] = { value: emissive };
    shader.vertexShader = shader.vertexShader
      .replace("#include <common>", "#include <common>\nvarying vec3 vShade;\nuniform vec3 shadeEmissive;")
      .replace("#include <begin_vertex>", `#include <begin_vertex>\n${SHADE}`);
    shader.fragmentShader = shader.fragmentShader
      .replace("#include <common>", "#include <common>\nvarying vec3 vShade;")
      .replace("#include <color_fragment>", "#include <color_fragment>\ndiffuseColor.rgb *= vShade;");
  };
  twins.set(lit, twin);
  originals.set(twin, lit);
  return twin;
}
