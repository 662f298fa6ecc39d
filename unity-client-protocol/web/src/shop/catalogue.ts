/** What the shop knows of its products: facts from `/products`, meshes from the asset manifest. */
import type { GalleriaHttp, ProductView, SkuView } from "../sdk";
import type { Layout } from "./layout";

export interface LodFile {
  readonly level: number;
  readonly url: string;
  readonly triangles: number;
}

/** One colour of a product, for all SKUs that look like it. */
export interface Variant {
  readonly colour: string;
  readonly skus: readonly string[];
  readonly extents_m: readonly number[];
  readonly lods: readonly LodFile[];
  readonly thumbnail: { readonly url: string };
}

interface ManifestProduct {
  readonly alt_text: string;
  readonly variants: readonly Variant[];
}

interface Manifest {
  readonly products: Readonly<Record<string, ManifestProduct>>;
}

export class Catalogue {
  readonly products = new Map<string, ProductView>();
  #manifest: Manifest = { products: {} };

  /** Fetch facts and meshes. The hall can be built meanwhile. */
  async load(http: GalleriaHttp, manifestUrl: string): Promise<void> {
    const [products, manifest] = await Promise.all([
      http.products(),
      http.get<Manifest>(manifestUrl),
    ]);
    for (const product of products) this.products.set(product.id, product);
    this.#manifest = manifest;
  }

  product(productId: string): ProductView | undefined {
    return this.products.get(productId);
  }

  /** The mesh and picture of a SKU; of the first variant when that one has none. */
  variant(productId: string, sku?: string): Variant | undefined {
    const variants = this.#manifest.products[productId]?.variants ?? [];
    const exact = sku === undefined ? undefined : variants.find(({ skus }) => skus.includes(sku));
    return exact ?? variants[0];
  }

  /** SKUs of a product that are on sale in this room, in the order of the layout. */
  skusHere(productId: string, layout: Layout): SkuView[] {
    const placement = layout.placements.find((entry) => entry.product_id === productId);
    const skus = this.products.get(productId)?.skus ?? [];
    return skus.filter((sku) => !placement || placement.skus.includes(sku.sku));
  }
}

/** "Blue · 42". */
export function optionsText(sku: SkuView): string {
  return Object.values(sku.options).join(" · ");
}
