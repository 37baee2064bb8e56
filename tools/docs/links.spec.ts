import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { pages, root, textOf } from './blocks.js';

/** Links to files of this project, with the place in them. */
const linksIn = (text: string): string[] =>
  [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

it.each(pages)('each link of %s leads somewhere', (page) => {
  for (const link of linksIn(textOf(page))) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    expect(existsSync(join(root, target)), link).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor);
  }
});

it('each page of docs is in the table of contents', () => {
  const contents = linksIn(textOf('docs/README.md')).map((link) => join('docs', link));
  const others = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');
  expect(contents).toEqual(expect.arrayContaining(others));
});

it('the README is a front door: about a thousand words, and what is behind it has pages of its own', () => {
  expect(textOf('README.md').split(/\s+/).length).toBeLessThan(1_000);
});
