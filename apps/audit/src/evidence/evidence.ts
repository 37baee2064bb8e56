import type { AppendLog } from '@countersign/persistence/append-log';
import { format, type Header, type RulesOfVersion } from '@countersign/evidence';
import { proveInclusion } from '@countersign/transparency';
import { hash } from 'node:crypto';
import type { Checkpoints } from '../checkpoints/checkpoints.js';
import { canonicalText } from '../record/canonical-text.js';
import type { Entry } from '../record/entry.js';
import { readNodes } from '../record/tree.js';
import type { ServiceKeys } from './service-keys.js';

const atOnce = 1_000;

/** Writes what proves a run: see docs/audit.md. */
export class Evidence {
  constructor(
    private readonly options: {
      log: AppendLog<Entry>;
      checkpoints: Pick<Checkpoints, 'at' | 'origin' | 'sign'>;
      keys: Pick<ServiceKeys, 'of'>;
    },
  ) {}

  /** @returns undefined when nothing is on record of this run, or some of it was removed. @throws RetryableError while keys cannot be fetched */
  async of(run_id: string): Promise<string | undefined> {
    const { checkpoints, keys, log } = this.options;
    const size = await log.length();
    const entries = await this.#entries(run_id, size);
    // The rest of a run would prove nothing of it.
    if (entries.length === 0 || !entries.every(isThere)) return undefined;
    const { note } = await checkpoints.at(size);
    const header: Header = {
      format,
      run_id,
      entries: entries.length,
      checkpoint: note,
      keys: await keys.of(entries),
      rules: await this.#rules(entries),
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

  /** The rules that decisions name, as published; an entry whose version is not its digest is ignored. */
  async #rules(entries: readonly Kept[]): Promise<RulesOfVersion[]> {
    const versions = new Set(entries.filter(({ type }) => type === 'approval.resolved').flatMap(versionIn));
    const found: RulesOfVersion[] = [];
    for (const version of versions) {
      const filter = { key: version, type: 'config.rules_declared' };
      const declared = await this.options.log.find({ filter, sort: [], limit: atOnce });
      const all = declared
        .filter(isThere)
        .map(({ leaf }) => (JSON.parse(leaf) as { data: { rules: Record<string, unknown> } }).data.rules);
      const rules = all.find((each) => hash('sha256', canonicalText(each)).startsWith(version));
      if (rules) found.push({ version, rules });
    }
    return found;
  }
}

/** An entry that was not removed. */
type Kept = Entry & { leaf: string };
const isThere = (entry: Entry): entry is Kept => entry.leaf !== null;

function versionIn({ leaf }: Kept): string | [] {
  const { policy_version } = (JSON.parse(leaf) as { data: { policy_version?: unknown } }).data;
  return typeof policy_version === 'string' && /^[0-9a-f]{32}$/.test(policy_version) ? policy_version : [];
}
