import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export interface Bundle {
  /** Of the page, the scripts and styles that it names. */
  files: number;
  kib: number;
  gzip_kib: number;
}

/** What a browser loads before the inbox is there. @throws when it is not built */
export function measureBundle(): Bundle {
  const site = new URL('../../../apps/inbox/dist/site/', import.meta.url);
  const page = readFileSync(fileURLToPath(new URL('index.html', site)));
  const named = [...page.toString().matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)];
  const files = [page, ...named.map(([, path]) => readFileSync(fileURLToPath(new URL(path!, site))))];
  const kib = (sizes: number[]) => sizes.reduce((sum, each) => sum + each, 0) / 1024;
  return {
    files: files.length,
    kib: kib(files.map(({ length }) => length)),
    gzip_kib: kib(files.map((file) => gzipSync(file).length)),
  };
}
