import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of a page. */
export interface Block {
  file: string;
  /** Where its text begins. */
  line: number;
  language: string;
  /** What the fence says after the language. */
  about: string;
  text: string;
}

/** The pages that people read, by their path in the project. */
export const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', '{apps,libs,bench,infra}/**/README.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
}).toSorted();

export const textOf = (page: string): string => readFileSync(root + page, 'utf8');

/** @throws when a fence is not closed */
export function blocksIn(page: string): Block[] {
  const blocks: Block[] = [];
  let open: (Block & { fence: string }) | undefined;
  for (const [index, line] of textOf(page).split('\n').entries()) {
    const [, indent = '', fence, language = '', about = ''] = /^( *)(```+|~~~+)(\S*) ?(.*)$/.exec(line) ?? [];
    if (!open && fence) open = { file: page, line: index + 2, language, about, text: '', fence: indent + fence };
    else if (open && line === open.fence) {
      const { fence: _, ...block } = open;
      blocks.push(block);
      open = undefined;
    } else if (open) open.text += `${line}\n`;
  }
  if (open) throw new Error(`${page}:${open.line}: the block has no end`);
  return blocks;
}
