import {
  Frontier,
  leafHash,
  proveInclusion,
  signCheckpoint,
  signNote,
  writeKey,
  type Hash,
  type NoteSigner,
} from '@countersign/transparency';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { format, type Header } from '../src/bundle.js';
import { canonical } from '../src/signed.js';

interface Pair {
  kid: string;
  x: string;
  privateKey: KeyObject;
}

function newPair(kid: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { kid, x: publicKey.export({ format: 'jwk' }).x!, privateKey };
}

const base64url = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');
export const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

export const rules = {
  default: 'reject',
  rules: [{ name: 'production', share: 0.5, require: { count: 1 }, then: { require: { break_glass: ['incident'] } } }],
  groups: { incident: ['bob'] },
};
const versionOf = (text: object): string => digest(canonical(text)).slice(7, 39);
export const rulesVersion = versionOf(rules);
export const agent = {
  id: 'ops',
  instructions: 'Deploy what you are told.',
  tools: [{ name: 'deploy', approval: 'required' }],
};
export const agentVersion = versionOf(agent);
export const schema = { $id: 'urn:countersign:event:run.started:1', type: 'object' };
export const schemaVersion = versionOf(schema);

export type Data = Record<string, unknown>;
export interface Told {
  type: string;
  data: Data;
  /** Default: one that is of no record. */
  id?: string;
  causationid?: string;
  record_sequence?: unknown;
}

/** Who signs, and what they say of one call that is asked for, approved and made. */
export class Office {
  readonly log = newPair('log');
  readonly decisions = newPair('decisions');
  readonly requests = newPair('requests');
  readonly results = newPair('results');

  get signer(): NoteSigner {
    const publicKey = Uint8Array.from(Buffer.from(this.log.x, 'base64url'));
    return {
      name: 'example.com/record',
      kind: 'log',
      publicKey,
      sign: (message) => Uint8Array.from(sign(null, message, this.log.privateKey)),
    };
  }

  get key(): string {
    return writeKey(this.signer);
  }

  jws({ kid, privateKey }: Pair, typ: string, claims: Data): string {
    const text = `${base64url(JSON.stringify({ alg: 'EdDSA', kid, typ }))}.${base64url(canonical(claims))}`;
    return `${text}.${base64url(sign(null, Buffer.from(text), privateKey))}`;
  }

  /**
   * @param change of the claims of the decision
   * @param about changes after they were signed, by the name of the event
   * @param signed of what else is signed
   */
  story(
    run_id: string,
    change: Data = {},
    about: Record<string, Data> = {},
    signed: Record<string, Data> = {},
  ): Told[] {
    const approval_id = `${run_id}-approval`;
    const args = { tool_args: { service: 'auth', version: '2.1.0', share: 0.5, é: [1e21, -0, '\u2028'] } };
    const ids = { run_id, tool_call_id: 'call_1', tool_name: 'deploy' };
    const bound = { requester: 'ana', requested_by: 'ana', policy_version: rulesVersion, expires_at: 2_000 };
    const call = { ...ids, approval_id, digest: digest(canonical({ ...ids, ...args, ...bound })) };
    const asked = { ...call, digest: digest(canonical({ ...ids, ...args })) };
    const request = {
      ...asked,
      agent_id: 'ops',
      agent_version: agentVersion,
      user_id: 'ana',
      requested_by: 'ana',
      ...signed['tool.approval_required'],
    };
    const details = { redact: [], resolved_by: 'bob', resolution_data: { note: 'Fine.\ud800' } };
    const claims = {
      ...call,
      status: 'approved',
      basis: 'people',
      grant: null,
      four_eyes: true,
      requester: 'ana',
      requested_by: 'ana',
      deciders: [{ by: 'bob', verdict: 'approved', at: 1_000 }],
      required_approvals: 1,
      resolved_at: 1_000,
      act_by: 3_000,
      policy_version: rulesVersion,
      details_digest: digest(canonical({ note: 'Fine.\ud800', redact: [], resolved_by: 'bob' })),
      ...change,
    };
    const execution = { ...call, execution_id: approval_id, attempt: 1 };
    const began = { ...execution, made_by: 'worker', worker: 'worker-1', ...signed['tool.execution_started'] };
    const result = { result: 'Deployed.' };
    const outcome = {
      ...execution,
      outcome: 'succeeded',
      result_digest: digest(result.result),
      ...signed['tool.execution_completed'],
    };
    const { outcome: _outcome, result_digest: _digest, ...told } = outcome;
    const at = (type: string, data: Data): Told => ({ type, data: { ...data, ...about[type] } });
    return [
      at('run.started', { run_id }),
      at('tool.approval_required', {
        ...request,
        ...args,
        requirement: { tool_execution: { redact: [] } },
        signature: this.jws(this.requests, 'countersign-request+jws', request),
      }),
      at('approval.created', { id: approval_id, run_id }),
      at('approval.decision_recorded', { approval_id, run_id, decision: { by: 'bob' } }),
      at('approval.resolved', {
        ...call,
        ...args,
        ...bound,
        status: claims.status,
        resolved_at: claims.resolved_at,
        ...details,
        signature: this.jws(this.decisions, 'countersign-decision+jws', claims),
      }),
      at('tool.execution_started', { ...began, signature: this.jws(this.results, 'countersign-start+jws', began) }),
      at('tool.execution_completed', {
        ...told,
        ...result,
        signature: this.jws(this.results, 'countersign-result+jws', outcome),
      }),
      at('run.completed', { run_id }),
    ];
  }

  /** Another outcome of the call of a story. */
  outcome(run_id: string, outcome: 'failed' | 'outcome_unknown', reason: string, change: Data = {}): Told {
    const { signature: _, result: _result, ...about } = this.story(run_id).at(-2)!.data;
    const said = outcome === 'failed' ? { error: reason } : { reason };
    const claims = { ...about, ...change, outcome, result_digest: digest(reason) };
    const signature = this.jws(this.results, 'countersign-result+jws', claims);
    const type = outcome === 'failed' ? 'tool.execution_failed' : 'tool.execution_outcome_unknown';
    return { type, data: { ...about, ...change, ...said, signature } };
  }

  /** The bundle of a run in a record in which others happen at the same time. */
  async bundle(
    run_id: string,
    told: readonly Told[],
    change: (keys: Header['keys']) => Data = () => ({}),
  ): Promise<string> {
    const frontier = new Frontier();
    const nodes = new Map<string, Hash>();
    const append = (leaf: string) => {
      for (const { level, index, hash } of frontier.append(leafHash(Buffer.from(leaf))))
        nodes.set(`${level}/${index}`, hash);
      return frontier.size - 1;
    };
    const entries = told.map(({ type, data, id, causationid, record_sequence }, n) => {
      const leaf = canonical({
        id: id ?? `${run_id}/${n}`,
        ...(causationid !== undefined && { causationid }),
        ...(record_sequence !== undefined && { record_sequence }),
        source: '/countersign/executor',
        type,
        time: `2026-09-01T09:30:${String(n).padStart(2, '0')}.000Z`,
        subject: run_id,
        key: run_id,
        sequence: n + 1,
        ...(type === 'run.started' && { schema: schemaVersion }),
        data,
      });
      for (let other = 0; other < (n * 7) % 4; other++) append(`of another run ${n} ${other}`);
      return { leaf, index: append(leaf) };
    });
    const { size, root } = frontier;
    const checkpoint = await signCheckpoint({ size, root }, this.signer);
    const shown = ({ kid, x }: Pair) => [{ kid, x }];
    const keys = { decisions: shown(this.decisions), requests: shown(this.requests), results: shown(this.results) };
    const shownRules = [{ version: rulesVersion, rules }];
    const header = written({
      format,
      run_id,
      entries: entries.length,
      checkpoint,
      keys,
      rules: shownRules,
      agents: [{ version: agentVersion, definition: agent }],
      schemas: [{ version: schemaVersion, schema }],
      ...change(keys),
    });
    const proofs: string[] = [];
    for (const { index } of entries) {
      const proof = await proveInclusion(index, size, async (wanted) =>
        wanted.map((node) => nodes.get(`${node.level}/${node.index}`)!),
      );
      proofs.push(canonical({ index, proof: proof.map((hash) => Buffer.from(hash).toString('base64')) }));
    }
    return this.seal([header, ...entries.map(({ leaf }) => leaf), ...proofs]);
  }

  /** What whoever writes a bundle can do: seal whatever they like. */
  async seal(lines: readonly string[]): Promise<string> {
    const text = lines.map((line) => `${line}\n`).join('');
    const hash = createHash('sha256').update(text).digest('base64');
    return `${text}${JSON.stringify({ seal: await signNote(`${format}\n${this.signer.name}\n${hash}\n`, this.signer) })}\n`;
  }
}

/** The story of a call that was decided on with what its preview showed; `text`: what is on record of that. */
export function previewed(office: Office, text = '2.0.3 -> 2.1.0', change: Data = {}): Told[] {
  const told = office.story('run-1');
  const { data } = told.find(({ type }) => type === 'approval.resolved')!;
  const { approval_id, run_id, tool_call_id, tool_name, tool_args } = data;
  const call_digest = digest(canonical({ run_id, tool_call_id, tool_name, tool_args }));
  const preview_digest = digest(canonical({ call: call_digest, output: '2.0.3 -> 2.1.0' }));
  const { requester, requested_by, policy_version, expires_at } = data;
  const bound = { requester, requested_by, policy_version, expires_at };
  const decided = digest(canonical({ run_id, tool_call_id, tool_name, tool_args, preview_digest, ...bound }));
  const about = { approval_id, run_id, tool_call_id, tool_name, round: 1, call_digest, outcome: 'shown' };
  const claims = { ...about, text_digest: digest(text), ...change };
  const signature = office.jws(office.results, 'countersign-preview+jws', claims);
  const shown = { type: 'tool.previewed', data: { ...about, text, ...change, signature } };
  const again = office.story(
    'run-1',
    { digest: decided },
    { 'approval.resolved': { digest: decided, preview_digest } },
    { 'tool.execution_started': { digest: decided }, 'tool.execution_completed': { digest: decided } },
  );
  return [...again.slice(0, 3), shown, ...again.slice(3)];
}

/** What is not there is not written. */
const written = (head: Data): string => canonical(JSON.parse(JSON.stringify(head)));

/** The lines of a bundle, without its seal. */
export const linesOf = (bundle: string): string[] => bundle.split('\n').slice(0, -2);

/** Stories of a call that one person approved where two had to; the first is sound. */
export function glassBroken(office: Office): [string, Told[]][] {
  const glass = { by: 'bob', at: 1_000, group: 'incident' };
  const claims: Data = { required_approvals: 2, break_glass: glass };
  const shown = { 'approval.resolved': { break_glass: { ...glass, reason: 'Fire.' } } };
  const but = (change: Data, more: Record<string, Data> = shown) =>
    office.story('run-1', { ...claims, ...change }, more);
  const of = (other: Data) => {
    const given = { ...glass, ...other };
    const deciders = [{ by: given.by, verdict: 'approved', at: 1_000 }];
    const told = { 'approval.resolved': { break_glass: { ...given, reason: 'Fire.' } } };
    return but({ break_glass: given, deciders }, told);
  };
  const asker = { 'tool.approval_required': { user_id: 'bob', requested_by: 'bob' } };
  const redact = ['nothing'];
  const own = { ...shown['approval.resolved'], requester: 'bob', requested_by: 'bob', redact };
  return [
    ['as the rules let them', but({})],
    ['without a claim of it', but({ break_glass: undefined }, {})],
    ['that only the event names', but({ break_glass: undefined })],
    ['that the event hides', but({}, {})],
    ['by another group than the event names', but({ break_glass: { ...glass, group: 'ops' } })],
    ['by nobody', but({ break_glass: null }, {})],
    ['by somebody who did not decide', but({ deciders: [{ by: 'carol', verdict: 'approved', at: 1_000 }] })],
    ['by who rejected it', but({ deciders: [{ by: 'bob', verdict: 'rejected', at: 1_000 }] })],
    ['at another time', but({ deciders: [{ by: 'bob', verdict: 'approved', at: 999 }] })],
    ['of no rules', but({ policy_version: null })],
    ['by a group that no rule names', of({ group: 'ops' })],
    ['by somebody whom the named group does not have', of({ by: 'carol' })],
    ['by a rule', but({ basis: 'rule' })],
    [
      'by who asked, without four eyes',
      office.story(
        'run-1',
        { ...claims, four_eyes: false, requester: 'bob', requested_by: 'bob' },
        { 'approval.resolved': own },
        asker,
      ),
    ],
  ];
}

/** Stories of a call that two people had to approve, some of them as deputies; the first is sound. */
export function byDeputies(office: Office): [string, Told[]][] {
  const of = (by: string, on_behalf_of?: string, verdict = 'approved') => ({
    by,
    verdict,
    at: 1_000,
    ...(on_behalf_of !== undefined && { on_behalf_of }),
  });
  const story = (...deciders: Data[]) => office.story('run-1', { required_approvals: 2, deciders });
  return [
    ['beside another', story(of('dave', 'bob'), of('carol'))],
    ['beside whoever named them', story(of('dave', 'bob'), of('bob'))],
    ['of the same person twice', story(of('dave', 'bob'), of('erin', 'bob'))],
    ['of two people', story(of('dave', 'bob'), of('dave', 'carol'))],
    ['of who asked', story(of('dave', 'ana'), of('bob'))],
    ['of who rejected it', story(of('dave', 'bob'), of('carol'), of('bob', undefined, 'rejected'))],
  ];
}
