/** A host's spotlight: a cone of light on one product, and a turning ring under it. */
import * as THREE from "three";

const TALL_M = 3.2;

export class SpotlightBeam {
  readonly group = new THREE.Group();
  readonly #ring: THREE.Mesh;
  readonly #cone: THREE.MeshBasicMaterial;

  constructor() {
    const colours: number[] = [];
    const cone = new THREE.CylinderGeometry(0.12, 0.72, TALL_M, 40, 1, true);
    const position = cone.getAttribute("position");
    for (let index = 0; index < position.count; index += 1) {
      const light = position.getY(index) > 0 ? 0.9 : 0.12;
      colours.push(light, light * 0.86, light * 0.58);
    }
    cone.setAttribute("color", new THREE.Float32BufferAttribute(colours, 3));
    this.#cone = new THREE.MeshBasicMaterial({
      vertexColors: true,
      transparent: true,
      opacity: 0.2,
      blending: THREE.AdditiveBlending,
      depthWrite: false,
      side: THREE.DoubleSide,
      fog: false,
    });
    const beam = new THREE.Mesh(cone, this.#cone);
    beam.position.y = TALL_M / 2;
    this.#ring = new THREE.Mesh(
      new THREE.RingGeometry(0.5, 0.56, 6, 1).rotateX(-Math.PI / 2),
      new THREE.MeshBasicMaterial({ color: "#ffd27a", side: THREE.DoubleSide }),
    );
    this.#ring.position.y = 0.03;
    this.group.add(beam, this.#ring);
    this.group.visible = false;
  }

  /** Shine on this point, or go out. */
  update(target: THREE.Vector3 | undefined, nowMs: number): void {
    this.group.visible = target !== undefined;
    if (!target) return;
    this.group.position.copy(target);
    this.#ring.rotation.y = nowMs / 1600;
    this.#cone.opacity = 0.2 + 0.05 * Math.sin(nowMs / 420);
  }
}
