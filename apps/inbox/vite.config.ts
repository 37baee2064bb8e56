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

/** Fails the build when a page takes a module that makes schemas: browsers get types and functions, and no zod. */
const noSchemas: Plugin = {
  name: 'no-schemas',
  generateBundle(_options, bundle) {
    const kept = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const isZod = (id: string) => /[\\/]node_modules[\\/]zod[\\/]/.test(id);
    if (!kept.some(isZod)) return;
    const takers = kept.filter((id) => !isZod(id) && this.getModuleInfo(id)?.importedIds.some(isZod));
    this.error(`Pages must not need zod. It is taken by ${takers.join(', ')}`);
  },
};

/** Where the pages are served; see `apps/approval-service/src/http/inbox-files.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  // Pages have more than one depth, and the server may be under a path: it says in each page how far up they are.
  base: './',
  // The workspace's own packages are read from their sources, so no build of them can be stale.
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  plugins: [noSchemas, compressed],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the server lets nothing be written into a page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: 'index.html', 'service-worker': 'src/push/service-worker.ts' },
      output: {
        // Its address is what a browser knows a service worker by, and says which pages are its own.
        entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
