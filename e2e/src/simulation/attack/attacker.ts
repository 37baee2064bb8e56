import type { Event } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { World } from '../world.js';

/**
 * Somebody who can read and write every topic, knows all public keys and how everything is signed, and has no key of a
 * service. What is written goes to the log like any event.
 */
export function attack(world: World): void {
  const { dice, log } = world;
  const target = dice.pick(log.all().filter(({ type }) => worthIt.has(type)));
  if (!target) return;
  const way = dice.one(forge, edit, resign, transplant, relabel, invent);
  const forged = way(world, target);
  if (!forged) return;
  world.trace(`  ATTACK: ${way.name} of ${target.type} ${target.id}`);
  log.append({ ...forged, id: dice.oneIn(2) ? target.id : world.fresh('forged') });
}

const worthIt = new Set<string>([
  'tool.approval_required',
  'approval.resolved',
  'tool.execution_completed',
  'tool.execution_failed',
  'tool.execution_outcome_unknown',
  'run.completed',
  'run.failed',
  'run.cancelled',
]);

type Data = Record<string, unknown>;
const withData = (event: Event, change: Data): Event => ({ ...event, data: { ...event.data, ...change } }) as Event;

/** What an attacker would like it to say. */
function wish({ dice }: World, { type, data }: Event): Data {
  const tool_args = { what: dice.one('everything', 'a', 'b') };
  const call = 'tool_call_id' in data ? { ...data, tool_args } : undefined;
  switch (type) {
    case 'tool.approval_required':
      return dice.one<Data>(
        { approval_type: 'audit' },
        { tool_args, digest: callDigest(call as never) },
        { user_id: 'mallory', requested_by: 'mallory' },
        { approval_id: `approval-${dice.below(3)}`, tool_call_id: `call_${dice.below(5)}` },
      );
    case 'approval.resolved':
      return dice.one<Data>(
        { status: 'approved' },
        { status: 'approved', tool_args, digest: callDigest(call as never) },
        { expires_at: null, resolution_data: null },
        { requester: null, requested_by: null },
        { approval_type: 'audit', automatic: true },
      );
    case 'tool.execution_completed':
      return { result: 'It went wonderfully.' };
    case 'tool.execution_failed':
      return { error: 'Nothing was done.' };
    case 'tool.execution_outcome_unknown':
      return { reason: 'The dog ate it.' };
    default:
      return { requirements: [], error: 'over', reason: 'over' };
  }
}

/** Without a signature, or with the one of what it was. */
const forge = (world: World, event: Event): Event =>
  withData(event, { ...wish(world, event), ...(world.dice.oneIn(2) && { signature: null }) });

/** Any field, in any way. */
function edit({ dice }: World, event: Event): Event | undefined {
  const field = dice.pick(Object.keys(event.data).filter((name) => name !== 'signature'));
  if (field === undefined) return undefined;
  const before = (event.data as Data)[field];
  if (typeof before === 'string') return withData(event, { [field]: `${before}x` });
  if (typeof before === 'number') return withData(event, { [field]: before + 1 });
  if (typeof before === 'boolean') return withData(event, { [field]: !before });
  return undefined;
}

const own = generateKeyPairSync('ed25519');
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signed anew, with a key of the attacker's under the name of a trusted one; or with no algorithm at all. */
function resign(world: World, event: Event): Event | undefined {
  const { signature } = event.data as { signature?: string | null };
  if (!signature) return undefined;
  const [header, payload] = signature
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Data);
  const wanted = wish(world, event);
  const claims = Object.fromEntries(
    Object.entries(payload!).map(([name, value]) => [name, name in wanted ? wanted[name] : value]),
  );
  const isUnsigned = world.dice.oneIn(3);
  const text = `${base64url(isUnsigned ? { ...header, alg: 'none' } : header)}.${base64url(claims)}`;
  const made = isUnsigned ? '' : sign(null, Buffer.from(text), own.privateKey).toString('base64url');
  return withData(event, { ...wanted, signature: `${text}.${made}` });
}

/** With the signature of another event, of any kind. */
function transplant(world: World, event: Event): Event | undefined {
  const donor = signedEvent(world);
  return donor && withData(event, { ...wish(world, event), signature: donor['signature'] });
}

const signedEvent = ({ dice, log }: World): Data | undefined =>
  dice.pick(
    log
      .all()
      .map(({ data }) => data as Data)
      .filter(({ signature }) => typeof signature === 'string'),
  );

/** The same data, said of another approval or run. */
function relabel(world: World, event: Event): Event | undefined {
  const other = world.dice.pick(world.log.all().filter(({ type }) => type === event.type));
  if (!other) return undefined;
  const names = ['approval_id', 'run_id', 'tool_call_id', 'execution_id'].filter((name) => name in event.data);
  const change = Object.fromEntries(names.map((name) => [name, (other.data as unknown as Data)[name]]));
  return { ...withData(event, change), key: other.key };
}

/** What nobody has said yet: the result of a call that was let through, or the end of a run that goes on. */
function invent(world: World, { data, ...event }: Event): Event | undefined {
  const known = data as Data;
  if (known['approval_id'] === undefined) return undefined;
  const { run_id, approval_id, tool_call_id, tool_name, digest } = known;
  const signature = (world.dice.oneIn(2) && signedEvent(world)?.['signature']) || null;
  const of = { run_id, signature };
  const execution = { ...of, approval_id, tool_call_id, tool_name, execution_id: approval_id, attempt: 1, digest };
  const who = { ...of, agent_id: 'ops', session_id: run_id, user_id: 'ana', requested_by: 'ana' };
  const requirement = world.runs.store.records.get(String(run_id))?.calls.find(({ id }) => id === approval_id);
  const requirements = requirement ? [requirement] : [];
  const invented = world.dice.one<{ type: string; data: Data }>(
    { type: 'tool.execution_completed', data: { ...execution, result: 'It went wonderfully.' } },
    { type: 'tool.execution_failed', data: { ...execution, error: 'Nothing was done.' } },
    { type: 'tool.execution_outcome_unknown', data: { ...execution, reason: 'The dog ate it.' } },
    { type: 'run.cancelled', data: { ...who, reason: null, requirements } },
    { type: 'run.failed', data: { ...who, error: 'over', requirements } },
    {
      type: 'run.completed',
      data: { ...who, content: 'over', steps: 1, usage: { input_tokens: 1, output_tokens: 1 } },
    },
  );
  return { ...event, ...invented } as unknown as Event;
}
