import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { decided, deputy, deputyFor, halfApproved, questions, waiting, type Asking } from './calls.js';

interface Asked {
  calls: { id: string; tool_args: Record<string, unknown> }[];
}

/** Asks for the calls of the showcase, as an agent and colleagues would. @param key of an administrator */
export async function seedShowcase(url: string, key: string): Promise<void> {
  const agent = await keyFor(url, key, 'agents@example.com', ['admin']);
  const linus = await keyFor(url, key, 'linus@example.com', ['approver']);
  await send(url, key, '/delegations', { ...deputy, ends_at: toEpochSeconds(systemClock()) + deputyFor });
  for (const [n, { rejected, ...asking }] of decided.entries())
    for (const id of await ask(url, agent, asking, `decided-${n}`))
      await resolve(url, linus, id, rejected === undefined ? { status: 'approved' } : refused(rejected));
  for (const [n, asking] of waiting.entries()) {
    const ids = await ask(url, agent, asking, `waiting-${n}`);
    const question = questions[asking.calls[0]!.tool_name];
    if (question) await discuss(url, { by: linus, of: agent, id: ids[0]!, ...question });
    const isHalf = asking.calls.some(({ tool_args }) => tool_args['service'] === halfApproved);
    const resolution_data = { note: 'I have read the change.' };
    const target = 'production';
    if (isHalf) await resolve(url, linus, ids[0]!, { status: 'approved', target, resolution_data });
  }
}

const refused = (note: string) => ({ status: 'rejected', resolution_data: { note } });

async function keyFor(url: string, key: string, subject: string, roles: string[]): Promise<string> {
  const created = await send<{ key: string }>(url, key, '/auth/keys', { name: 'showcase', subject, roles });
  return created.key;
}

/** @returns the ids of the approvals, once they are there. */
async function ask(url: string, key: string, { agent, ...request }: Asking, idempotencyKey: string): Promise<string[]> {
  const asked = await send<Asked>(url, key, `/agents/${agent}/calls`, request, { 'idempotency-key': idempotencyKey });
  return asked.calls.map(({ id }) => id);
}

async function resolve(url: string, key: string, id: string, resolution: object): Promise<void> {
  await isThere(url, key, id);
  await send(url, key, `/approvals/${encodeURIComponent(id)}/resolve`, resolution);
}

/** The approval may be on its way still. */
async function isThere(url: string, key: string, id: string): Promise<void> {
  const path = `/approvals/${encodeURIComponent(id)}`;
  const deadline = Date.now() + 10_000;
  while (!(await fetch(url + path, { headers: { authorization: `Bearer ${key}` } })).ok)
    if (Date.now() > deadline) throw new Error(`The showcase could not be made: there is no approval ${id}.`);
}

interface Discussion {
  by: string;
  of: string;
  id: string;
  asked: string;
  answered?: string;
}

async function discuss(url: string, { by, of, id, asked, answered }: Discussion): Promise<void> {
  const path = `/approvals/${encodeURIComponent(id)}/questions`;
  await isThere(url, by, id);
  const { questions: all } = await send<{ questions: { id: string }[] }>(url, by, path, { text: asked });
  if (answered !== undefined) await send(url, of, `${path}/${all[0]!.id}/answer`, { text: answered });
}

async function send<T>(url: string, key: string, path: string, body: object, headers: object = {}): Promise<T> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The showcase could not be made: ${await response.text()}`);
  return (await response.json()) as T;
}
