import type { AppendLog } from '@countersign/persistence/append-log';
import { format, type Header } from '@countersign/evidence';
import { proveInclusion } from '@countersign/transparency';
import { hash } from 'node:crypto';
import type { Checkpoints } from '../checkpoints/checkpoints.js';
import { canonicalText } from '../record/canonical-text.js';
import type { Entry } from '../record/entry.js';
import { readNodes } from '../record/tree.js';
import type { Schemas } from './schemas.js';
import type { ServiceKeys } from './service-keys.js';

const atOnce = 1_000;

/** Writes what proves a run: see docs/audit.md. */
export class Evidence {
  constructor(
    private readonly options: {
      log: AppendLog<Entry>;
      checkpoints: Pick<Checkpoints, 'at' | 'origin' | 'sign'>;
      keys: Pick<ServiceKeys, 'of'>;
      schemas: Pick<Schemas, 'of'>;
    },
  ) {}

  /** @returns undefined when nothing is on record of this run, or some of it was removed. @throws RetryableError while keys cannot be fetched */
  async of(run_id: string): Promise<string | undefined> {
    const { checkpoints, keys, log, schemas } = this.options;
    const size = await log.length();
    const entries = await this.#entries(run_id, size);
    // The rest of a run would prove nothing of it.
    if (entries.length === 0 || !entries.every(isThere)) return undefined;
    const { note } = await checkpoints.at(size);
    const leaves = entries.map(({ type, leaf }) => ({ type, ...(JSON.parse(leaf) as Leaf) }));
    const named = (of: string, name: string) =>
      versionsIn(leaves.filter(({ type }) => type === of).map(({ data }) => data[name]));
    const rules = await this.#declared('config.rules_declared', 'rules', named('approval.resolved', 'policy_version'));
    const agents = await this.#declared(
      'config.agent_declared',
      'definition',
      named('tool.approval_required', 'agent_version'),
    );
    const header: Header = {
      format,
      run_id,
      entries: entries.length,
      checkpoint: note,
      keys: await keys.of(entries),
      rules: rules.map(([version, text]) => ({ version, rules: text })),
      agents: agents.map(([version, text]) => ({ version, definition: text })),
      schemas: await schemas.of(versionsIn(leaves.map(({ schema }) => schema))),
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

  /** What was published under these versions; an entry whose version is not its digest is ignored. */
  async #declared(type: string, field: string, versions: Iterable<string>): Promise<[string, Text][]> {
    const found: [string, Text][] = [];
    for (const version of versions) {
      const declared = await this.options.log.find({ filter: { key: version, type }, sort: [], limit: atOnce });
      const all = declared.filter(isThere).map(({ leaf }) => (JSON.parse(leaf) as Leaf).data[field] as Text);
      const text = all.find((each) => hash('sha256', canonicalText(each)).startsWith(version));
      if (text) found.push([version, text]);
    }
    return found;
  }
}

type Text = Record<string, unknown>;
interface Leaf {
  data: Record<string, unknown>;
  schema?: unknown;
}

/** An entry that was not removed. */
type Kept = Entry & { leaf: string };
const isThere = (entry: Entry): entry is Kept => entry.leaf !== null;

const versionsIn = (versions: readonly unknown[]): Set<string> =>
  new Set(versions.filter((each) => typeof each === 'string').filter((each) => /^[0-9a-f]{32}$/.test(each)));
