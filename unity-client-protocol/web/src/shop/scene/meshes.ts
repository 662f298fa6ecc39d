/** GLB files, each fetched and read once; a few at a time, those that are near first. */
import * as THREE from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

/** Downloads at once. */
const PARALLEL = 4;

interface Job {
  readonly url: string;
  readonly urgency: () => number;
  readonly done: (mesh: THREE.Object3D) => void;
}

export class MeshStore {
  readonly #loader = new GLTFLoader();
  readonly #ready = new Map<string, THREE.Object3D>();
  readonly #wanted = new Map<string, Job[]>();
  #running = 0;
  failures = 0;

  /** A mesh that is there already. Share it by `clone()`. */
  get(url: string): THREE.Object3D | undefined {
    return this.#ready.get(url);
  }

  /** Fetch a mesh; jobs with the smallest urgency number go first. */
  want(url: string, urgency: () => number, done: (mesh: THREE.Object3D) => void): void {
    const ready = this.#ready.get(url);
    if (ready) {
      done(ready);
      return;
    }
    const jobs = this.#wanted.get(url) ?? [];
    jobs.push({ url, urgency, done });
    this.#wanted.set(url, jobs);
    this.#next();
  }

  /** Files asked for and not here yet. */
  get pending(): number {
    return this.#wanted.size;
  }

  readonly #loading = new Set<string>();

  #next(): void {
    while (this.#running < PARALLEL) {
      const waiting = [...this.#wanted.values()].flat().filter((job) => !this.#loading.has(job.url));
      if (!waiting.length) return;
      const job = waiting.reduce((best, other) => (other.urgency() < best.urgency() ? other : best));
      void this.#fetch(job.url);
    }
  }

  async #fetch(url: string): Promise<void> {
    this.#running += 1;
    this.#loading.add(url);
    try {
      const { scene } = await this.#loader.loadAsync(url);
      prepare(scene);
      this.#ready.set(url, scene);
      for (const job of this.#wanted.get(url) ?? []) job.done(scene);
    } catch {
      // A product without its mesh keeps its placeholder; the shop goes on.
      this.failures += 1;
    } finally {
      this.#wanted.delete(url);
      this.#loading.delete(url);
      this.#running -= 1;
      this.#next();
    }
  }
}

function prepare(scene: THREE.Object3D): void {
  scene.traverse((object) => {
    if (!(object instanceof THREE.Mesh)) return;
    object.castShadow = object.receiveShadow = true;
    const geometry = object.geometry as THREE.BufferGeometry;
    if (!geometry.getAttribute("normal")) geometry.computeVertexNormals();
    const material = object.material as THREE.MeshStandardMaterial;
    // There is no environment map to mirror: metal would be black.
    material.metalness = Math.min(material.metalness ?? 0, 0.25);
  });
}
