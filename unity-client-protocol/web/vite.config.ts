import { defineConfig } from "vitest/config";

/** The page is served by the Galleria server itself, from `server/static`, at `/`. */
export default defineConfig({
  base: "/",
  build: {
    outDir: "../../server/static",
    emptyOutDir: true,
    assetsDir: "page-assets",
    target: "es2022",
    chunkSizeWarningLimit: 1000,
  },
  server: {
    // For work on the page: `npx vite` here, `galleria serve` beside it.
    proxy: Object.fromEntries(
      ["/session", "/rooms", "/seats", "/products", "/assets", "/track", "/orders", "/hand-off", "/pay"].map((path) => [
        path,
        { target: "http://127.0.0.1:8080" },
      ]),
    ),
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
