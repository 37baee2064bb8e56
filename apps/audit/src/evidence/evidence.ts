import type { AppendLog } from '@countersign/persistence/append-log';
import type { Verifier } from '@countersign/signing';
import { format, type Header, type ServiceKey } from '@countersign/evidence';
import { proveInclusion } from '@countersign/transparency';
import { hash } from 'node:crypto';
import type { Checkpoints } from '../checkpoints/checkpoints.js';
import { canonicalText } from '../record/canonical-text.js';
import type { Entry } from '../record/entry.js';
import { readNodes } from '../record/tree.js';

/** What verifies the signatures in a bundle. */
export type KeyKind = keyof Header['keys'];

const kinds: Readonly<Record<string, KeyKind>> = {
  'tool.approval_required': 'requests',
  'approval.resolved': 'decisions',
  'tool.execution_started': 'results',
  'tool.execution_completed': 'results',
  'tool.execution_failed': 'results',
  'tool.execution_outcome_unknown': 'results',
};

const atOnce = 1_000;

/** Writes what proves a run: see docs/audit.md. */
export class Evidence {
  constructor(
    private readonly options: {
      log: AppendLog<Entry>;
      checkpoints: Pick<Checkpoints, 'at' | 'origin' | 'sign'>;
      verifiers: Readonly<Record<KeyKind, () => Pick<Verifier, 'publicPart'>>>;
    },
  ) {}

  /** @returns undefined when nothing is on record of this run. @throws RetryableError while keys cannot be fetched */
  async of(run_id: string): Promise<string | undefined> {
    const { checkpoints, log } = this.options;
    const size = await log.length();
    const entries = await this.#entries(run_id, size);
    if (entries.length === 0) return undefined;
    const { note } = await checkpoints.at(size);
    const header: Header = {
      format,
      run_id,
      entries: entries.length,
      checkpoint: note,
      keys: await this.#keys(entries),
    };
    const proofs: string[] = [];
    for (const { position } of entries) {
      const proof = await proveInclusion(position, size, readNodes(log));
      proofs.push(canonicalText({ index: position, proof: proof.map((each) => Buffer.from(each).toString('base64')) }));
    }
    const lines = [canonicalText(header), ...entries.map(({ leaf }) => leaf), ...proofs];
    const text = lines.map((line) => `${line}\n`).join('');
    const seal = await checkpoints.sign(`${format}\n${checkpoints.origin}\n${hash('sha256', text, 'base64')}\n`);
    return `${text}${JSON.stringify({ seal })}\n`;
  }

  async #entries(key: string, size: number): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (let after = -1; ; after = entries.at(-1)!.position) {
      const page = await this.options.log.find({
        filter: { key, position: { gt: after, lt: size } },
        sort: [],
        limit: atOnce,
      });
      entries.push(...page);
      if (page.length < atOnce) return entries;
    }
  }

  /** Those that what is on record names, as far as they are trusted here. */
  async #keys(entries: readonly Entry[]): Promise<Header['keys']> {
    const keys: Record<KeyKind, Map<string, ServiceKey>> = {
      decisions: new Map(),
      requests: new Map(),
      results: new Map(),
    };
    for (const { leaf, type } of entries) {
      const kind = kinds[type];
      const kid = kind && kidIn(leaf);
      if (!kid || keys[kind].has(kid)) continue;
      const x = await this.options.verifiers[kind]().publicPart(kid);
      if (x !== undefined) keys[kind].set(kid, { kid, x });
    }
    const { decisions, requests, results } = keys;
    return { decisions: [...decisions.values()], requests: [...requests.values()], results: [...results.values()] };
  }
}

function kidIn(leaf: string): string | undefined {
  try {
    const { signature } = (JSON.parse(leaf) as { data: { signature?: string } }).data;
    const head = JSON.parse(Buffer.from(signature!.split('.')[0]!, 'base64url').toString()) as { kid?: unknown };
    return typeof head.kid === 'string' ? head.kid : undefined;
  } catch {
    return undefined;
  }
}
