import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, hexOf, MemoryLog } from '../../test/log.fixtures.js';
import { Frontier } from './frontier.js';
import { emptyRoot, leafHash, nodeHash, type Hash } from './hash.js';
import { nodesOf } from './nodes.js';
import { proveConsistency, proveInclusion, rootAt } from './prove.js';
import { includes, isConsistent } from './verify.js';

/** Of the reference implementation of certificate transparency, which RFC 6962 describes. */
const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const published = new MemoryLog(...entries.map(bytesOf));

/** RFC 9162, 2.1.1, to the letter. */
function treeHash(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

const most = 70;
const leafOf = (n: number): Hash => leafHash(Uint8Array.of(n));
const log = new MemoryLog(...Array.from({ length: most }, (_, n) => Uint8Array.of(n)));
const all = Array.from({ length: most + 1 }, (_, size) => treeHash(Array.from({ length: size }, (__, n) => leafOf(n))));

describe('a tree of RFC 6962', () => {
  it('has the roots that were published for it', async () => {
    for (const [size, root] of roots.entries()) expect(hexOf(await rootAt(size, published.read))).toBe(root);
  });

  it('proves what was published for it', async () => {
    expect((await proveInclusion(0, 8, published.read)).map(hexOf)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect((await proveConsistency(6, 8, published.read)).map(hexOf)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });

  it('is the same, however it is grown, and goes on from its right edge alone', async () => {
    for (let size = 0; size <= most; size++) {
      const hashes = await log.read(nodesOf(0, size));
      const grown = new Frontier(size, hashes);
      expect(hexOf(grown.root)).toBe(hexOf(all[size]!));
      for (let n = size; n < most; n++) grown.append(leafOf(n));
      expect(hexOf(grown.root)).toBe(hexOf(all[most]!));
    }
    expect(() => new Frontier(3, [emptyRoot])).toThrow('right edge');
  });

  it('proves each leaf of each tree, and no other leaf, place or tree by the same', async () => {
    for (let size = 1; size <= most; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await proveInclusion(index, size, log.read);
        const claim = { leaf: leafOf(index), index, size, root: all[size]!, proof };
        expect(includes(claim)).toBe(true);
        expect(includes({ ...claim, leaf: leafOf(index + 1) })).toBe(false);
        expect(includes({ ...claim, root: all[size - 1]! })).toBe(false);
        if (size > 1) expect(includes({ ...claim, index: (index + 1) % size })).toBe(false);
      }
    }
  });

  it('proves of each that it is the beginning of each later one', async () => {
    for (let size = 0; size <= most; size++) {
      for (let before = 0; before <= size; before++) {
        const proof = await proveConsistency(before, size, log.read);
        const claim = { before: { size: before, root: all[before]! }, after: { size, root: all[size]! }, proof };
        expect(isConsistent(claim), `${before} of ${size}`).toBe(true);
        const other = { size: before, root: all[(before + 1) % (most + 1)]! };
        expect(isConsistent({ ...claim, before: other })).toBe(false);
        if (before > 0) expect(isConsistent({ ...claim, after: { size, root: leafOf(size) } })).toBe(false);
      }
    }
  });

  it('proves nothing by a proof of which anything was changed, left out, repeated or moved', async () => {
    const cases = fc.record({
      size: fc.integer({ min: 2, max: most }),
      at: fc.nat(),
      how: fc.nat(3),
      bit: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, at, how, bit }) => {
        const index = at % size;
        const before = 1 + (at % (size - 1));
        const inclusion = await proveInclusion(index, size, log.read);
        const consistency = await proveConsistency(before, size, log.read);
        const root = all[size]!;
        expect(includes({ leaf: leafOf(index), index, size, root, proof: changed(inclusion, at, how, bit) })).toBe(
          false,
        );
        const trees = { before: { size: before, root: all[before]! }, after: { size, root } };
        expect(isConsistent({ ...trees, proof: changed(consistency, at, how, bit) })).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has numbers beyond 32 bits', async () => {
    const size = 2 ** 40 + 3;
    expect(nodesOf(0, size)).toEqual([
      { level: 40, index: 0 },
      { level: 1, index: 2 ** 39 },
      { level: 0, index: 2 ** 40 + 2 },
    ]);
    const read = async (nodes: readonly unknown[]) => nodes.map(() => emptyRoot);
    const root = await rootAt(size, read);
    const proof = await proveInclusion(size - 1, size, read);
    expect(includes({ leaf: emptyRoot, index: size - 1, size, root, proof })).toBe(true);
  });

  it.each([
    [-1, 4],
    [4, 4],
    [0.5, 4],
    [Number.NaN, 4],
    [0, 2 ** 53],
  ])('has no proof of leaf %d in a tree of %d, and takes none', async (index, size) => {
    expect(() => proveInclusion(index, size, log.read)).toThrow(RangeError);
    expect(includes({ leaf: leafOf(0), index, size, root: all[4]!, proof: [] })).toBe(false);
  });
});

/** Something of a list is always another afterwards, unless it is empty: then there is something. */
function changed(proof: readonly Hash[], at: number, how: number, bit: number): Hash[] {
  const place = proof.length > 0 ? at % proof.length : 0;
  const hash = proof[place] ?? emptyRoot;
  const flipped = hash.map((byte, n) => (n === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
  if (proof.length === 0) return [flipped];
  if (how === 0) return proof.with(place, flipped);
  if (how === 1) return proof.toSpliced(place, 1);
  if (how === 2) return proof.toSpliced(place, 0, hash);
  return proof.length > 1 ? proof.toReversed() : [hash.subarray(1)];
}
