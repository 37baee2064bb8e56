import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Leaves each file compressed beside it, for the server to send to browsers that take it. */
const compressed: Plugin = {
  name: 'compressed',
  enforce: 'post',
  generateBundle(_options, bundle) {
    for (const [name, file] of Object.entries(bundle)) {
      if (!/\.(js|css)$/.test(name)) continue;
      const source = gzipSync(file.type === 'chunk' ? file.code : file.source);
      this.emitFile({ type: 'asset', fileName: `${name}.gz`, source });
    }
  },
};

/** Where the pages are served; see `apps/approval-service/src/http/inbox-files.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/inbox/',
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
