import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Leaves each file compressed beside it, as it is written in the end, for the server to send to browsers that take it. */
const compressed: Plugin = {
  name: 'compressed',
  async writeBundle({ dir }, bundle) {
    const files = Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name));
    await Promise.all(
      files.map(async (name) => {
        const file = join(dir!, name);
        await writeFile(`${file}.gz`, gzipSync(await readFile(file)));
      }),
    );
  },
};

/** Where the pages are served; see `apps/approval-service/src/http/inbox-files.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  // Pages have more than one depth, and the server may be under a path: it says in each page how far up they are.
  base: './',
  // The workspace's own packages are read from their sources, so no build of them can be stale.
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  plugins: [compressed],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the server lets nothing be written into a page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
