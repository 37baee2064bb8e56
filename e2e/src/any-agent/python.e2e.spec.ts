import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CountersignClient } from '@countersign/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agnoPackages } from '../agno/agno.js';
import { isReady, startChild, type Child } from '../world/child.js';
import { adminKey } from '../world/credentials.js';
import { eventually } from '../world/eventually.js';
import { pythonClient } from './frameworks.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The dialogue of the gate, whose waits pass at once; it is answered as by an executor without the call. */
const neverHeardOf = `
from importlib import import_module
from countersign import ApiError
gate = import_module("countersign.gate")
clock = [0.0]
gate.time.monotonic = lambda: clock[0]
steps = gate._make("call")
step = next(steps)
try:
    while True:
        if isinstance(step, float):
            clock[0] += step
            step = steps.send(None)
        else:
            step = steps.throw(ApiError(404, "execution_not_found", "There is none."))
except ApiError as error:
    print(error.code, "after", 30 if 30 <= clock[0] < 45 else clock[0], "s")
`;

/** Both kinds of functions, whose claims are not extended, since the server does not answer to that; and one that hears late of its claim. */
const cutOff = `
import asyncio, httpx, os, time
from importlib.metadata import version
from countersign import Countersign, GateError, current_lease, gate

class Deaf(httpx.HTTPTransport):
    def handle_request(self, request):
        if request.url.path.endswith("/extend"):
            raise httpx.ReadTimeout("No answer.")
        return super().handle_request(request)

class DeafAsync(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request):
        if request.url.path.endswith("/extend"):
            raise httpx.ReadTimeout("No answer.")
        return await super().handle_async_request(request)

class CutOff(Countersign):
    def client(self):
        return httpx.Client(transport=Deaf(), **self._options)
    def async_client(self):
        return httpx.AsyncClient(transport=DeafAsync(), **self._options)

client = CutOff(os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_KEY"])

# The server looks for leases that are over a little later, and until then takes a report.
def given_up(call):
    with client.client() as http:
        for _ in range(300):
            if http.get(f"/executions/{call}").json()["status"] == "outcome_unknown":
                return
            time.sleep(0.1)
    raise TimeoutError(call)

@gate(client, agent="bot")
def refund(order, amount):
    assert current_lease().lost.wait(30)
    given_up(current_lease().call)

@gate(client, agent="bot", tool="refund")
async def refund_later(order, amount):
    await asyncio.wait_for(current_lease().lost_async.wait(), 30)
    await asyncio.to_thread(given_up, current_lease().call)

class Late(httpx.HTTPTransport):
    def handle_request(self, request):
        response = super().handle_request(request)
        if request.url.path.endswith("/claim"):
            response.read()
            given_up(request.url.path.split("/")[2])
        return response

class Lagging(Countersign):
    def client(self):
        return httpx.Client(transport=Late(), **self._options)

@gate(Lagging(os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_KEY"]), agent="bot", tool="refund")
def refund_late(order, amount):
    print("began without a lease")

async def main():
    calls = (
        asyncio.to_thread(refund, order="A-5", amount=80),
        refund_later(order="A-6", amount=80),
        asyncio.to_thread(refund_late, order="A-7", amount=80),
    )
    for end in await asyncio.gather(*calls, return_exceptions=True):
        print(end.status if isinstance(end, GateError) else repr(end), version("countersign"))

asyncio.run(main())
`;

/** Functions with parameters that are called like what a call may say besides, and what is asked for then. */
const sameNames = `
import asyncio, httpx, json
from countersign import ApiError, Countersign, gate

def refuse(request):
    print(request.content.decode())
    return httpx.Response(403, json={"code": "caller_not_declared"})

class Refusing(Countersign):
    def client(self):
        return httpx.Client(transport=httpx.MockTransport(refuse), **self._options)
    def async_client(self):
        return httpx.AsyncClient(transport=httpx.MockTransport(refuse), **self._options)

gated = gate(Refusing("http://x", "k"), agent="bot", reason="Always.")

def call(function, **args):
    try:
        asked = gated(function)(**args)
        if asyncio.iscoroutine(asked):
            asyncio.run(asked)
    except (ApiError, TypeError) as error:
        print(getattr(error, "code", error))

async def with_reason(reason): ...
def with_any(**args): ...
def plain(order): ...
async def with_key(key): ...
words = {"reason": "Lost.", "context": {"a": 1}}
call(with_reason, **words)
call(with_any, **words)
call(plain, order="A-1", reason=None)
call(with_key, key="mine")
`;

/** A program in Python whose function is behind the gate, with the package as it is published. */
describe('an agent in Python', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-any-agent-'));
  let child: Child;
  let people: CountersignClient;
  let env: Record<string, string>;
  beforeAll(async () => {
    const settings = { DATA_DIR: dir, COUNTERSIGN_CONFIG: at('../../fixtures/any-agent.yaml') };
    child = await startChild({ app: 'standalone', env: settings });
    await eventually('it to be ready', () => isReady(child.url));
    people = new CountersignClient({ url: child.url, key: adminKey });
    const { key } = await people.auth.createKey({ name: 'bot', subject: 'bot@services', roles: ['requester'] });
    const packages = (await Promise.all([agnoPackages(), pythonClient()])).join(':');
    const { PATH = '' } = process.env;
    env = { PATH, PYTHONPATH: packages, PYTHONNOUSERSITE: '1', COUNTERSIGN_URL: child.url, COUNTERSIGN_KEY: key };
  }, 200_000);
  afterAll(async () => {
    await child.stop();
    rmSync(dir, { recursive: true });
  });

  const start = (order: string, ...more: string[]) => {
    const program = spawn('python3', [at('../../../examples/any-agent/refund.py'), order, '80', ...more], { env });
    return { program, said: text(program.stdout), wrong: text(program.stderr) };
  };
  const pending = (order: string) =>
    eventually(`an approval for ${order}`, async () => {
      const { data } = await people.approvals.list({ status: 'pending' });
      return data.find(({ tool_args }) => tool_args['order'] === order)?.id;
    });

  it.each([[], ['--later']])('runs its function with what was approved %j', async (...more: string[]) => {
    const order = `A-1${more.join('')}`;
    const { said, wrong } = start(order, ...more);
    const tool_args = { order, amount: 40 };
    const id = await pending(order);
    expect((await people.approvals.get(id)).context).toMatchObject({
      reason: 'The parcel is lost.',
      external: { context: { carrier: 'Post' } },
    });
    await people.approvals.resolve(id, { status: 'approved', resolution_data: { tool_args } });
    expect([await wrong, await said]).toEqual(['', expect.stringContaining(`Paid 40 for ${order}`)]);
  });

  it('that is killed while a person thinks finds its call again, which is made once', async () => {
    const first = start('A-2');
    const id = await pending('A-2');
    first.program.kill('SIGKILL');
    await first.said;
    const second = start('A-2');
    await people.approvals.resolve(id, { status: 'approved' });
    expect(await second.said).toBe('Paid 80 for A-2.\n');
    expect(await start('A-2').said).toBe('Paid 80 for A-2.\n');
    expect((await people.executions.get(id)).attempts).toHaveLength(1);
  });

  it('gives up, and says so, when the executor never gets an approved call', async () => {
    const program = spawn('python3', ['-c', neverHeardOf], { env });
    expect([await text(program.stdout), await text(program.stderr)]).toEqual(['execution_not_found after 30 s\n', '']);
  });

  it('keeps what its function takes under its own names, and does not take one that cannot be told apart', async () => {
    const program = spawn('python3', ['-c', sameNames], { env });
    const [said, wrong] = await Promise.all([text(program.stdout), text(program.stderr)]);
    const lines = said.trim().split('\n');
    const asked = lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as unknown] : []));
    const wanted = (tool_name: string, tool_args: unknown) => ({
      calls: [{ tool_name, tool_args }],
      reason: 'Always.',
    });
    expect(asked, wrong).toEqual([
      { ...wanted('with_reason', { reason: 'Lost.' }), context: { a: 1 } },
      wanted('with_any', { reason: 'Lost.', context: { a: 1 } }),
      wanted('plain', { order: 'A-1' }),
    ]);
    expect(lines.at(-1)).toContain('with_key: key names a call');
  });

  it('whose lease is lost is cancelled while it works, and its outcome is unknown', async () => {
    const program = spawn('python3', ['-c', cutOff], { env });
    const said = Promise.all([text(program.stdout), text(program.stderr)]);
    for (const order of ['A-5', 'A-6', 'A-7'])
      await people.approvals.resolve(await pending(order), { status: 'approved' });
    expect(await said).toEqual(['outcome_unknown 0.1.0\n'.repeat(3), '']);
  });

  it('receives a rejection with its reason', async () => {
    const { said } = start('A-3');
    const note = 'Ask the customer first.';
    await people.approvals.resolve(await pending('A-3'), { status: 'rejected', resolution_data: { note } });
    expect(await said).toBe(`rejected: ${note}\n`);
  });
});
