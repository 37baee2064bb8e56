import { defineConfig } from 'vite';

/** Where the pages are served; see `apps/approval-service/src/http/inbox-files.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/inbox/',
  // The workspace's own packages are read from their sources, so no build of them can be stale.
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
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
