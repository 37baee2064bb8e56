import { problems, type ProblemCode } from '@countersign/contracts/problems';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executedCall, pausedRun } from '../test/authorisation.fixtures.js';
import { requestTo, type Request } from '../test/fuzz.fixtures.js';
import {
  adminKey,
  bearer,
  openStandalone,
  operationsOf,
  type Document,
  type Standalone,
} from '../test/standalone.fixtures.js';

/** How long an answer may take before it counts as none, beside whatever else this machine does. */
const deadline = 60_000;
/** Routes that may well wait for a person, and for how long that is waited for here. */
const patience = 3_000;
const mayWait = /^POST \/agents\/\{agent_id\}\/runs/;

interface Answer {
  status: number;
  type: string;
  text: string;
}

describe('whatever is asked', () => {
  let standalone: Standalone;
  let document: Document;
  let known: Record<string, string[]>;
  let fits: (route: string, answer: Answer) => string | undefined;
  beforeAll(async () => {
    standalone = await openStandalone();
    document = await standalone.document();
    fits = fitOf(document);
    const executions = [await executedCall(standalone, adminKey)];
    const paused = [];
    for (let n = 0; n < 20; n += 1) paused.push(await pausedRun(standalone, adminKey));
    known = {
      agent_id: ['ops', 'ops', 'support'],
      run_id: paused.map(({ run_id }) => run_id),
      session_id: paused.map(({ session_id }) => session_id),
      'approvals id': paused.map(({ approval_id }) => approval_id),
      'executions id': executions,
    };
  }, 60_000);
  afterAll(() => standalone.close());

  /** @returns undefined when the request rightly waits. */
  async function send({ route, method, path, headers, body }: Request): Promise<Answer | undefined> {
    const signal = AbortSignal.timeout(mayWait.test(route) ? patience : deadline);
    try {
      const response = await fetch(standalone.url + path, {
        method,
        redirect: 'manual',
        signal,
        headers: { ...headers, ...bearer(adminKey) },
        ...(body !== undefined && { body }),
      });
      const type = response.headers.get('content-type') ?? '';
      const isStream = type.includes('event-stream');
      if (isStream) await response.body?.cancel();
      return { status: response.status, type, text: isStream ? '' : await response.text() };
    } catch (error) {
      if (signal.aborted && mayWait.test(route)) return undefined;
      throw new Error(`no answer to ${method} ${path.slice(0, 300)}`, { cause: error });
    }
  }

  async function check(request: Request): Promise<void> {
    const answer = await send(request);
    if (!answer) return;
    const what = `${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers)} ${request.body?.slice(0, 300)}: ${answer.text.slice(0, 300)}`;
    expect(answer.status, what).toBeLessThan(500);
    if (answer.status >= 400) {
      expect(answer.type, what).toContain('application/problem+json');
      const { code, type } = JSON.parse(answer.text) as { code: ProblemCode; type: string };
      expect(problems[code]?.status, what).toBe(answer.status);
      expect(type, what).toBe(`urn:countersign:problem:${code}`);
    }
    if (answer.type.includes('json')) expect(fits(request.route, answer), what).toBeUndefined();
  }

  it.each<Omit<Request, 'route' | 'method'> & { status: number }>([
    { path: '/approvals/%zz/resolve', headers: {}, status: 400 },
    { path: '/auth/sign-in', headers: { 'content-type': 'multipart/form-data' }, body: 'x', status: 400 },
    { path: '/auth/sign-in', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: 'x', status: 400 },
    { path: '/auth/sign-in', headers: { 'content-type': 'application/xml' }, body: '<key/>', status: 415 },
    { path: '/nowhere', headers: {}, status: 404 },
  ])('is refused with a problem when it makes no sense: $path $headers', async ({ status, ...request }) => {
    const sent = { ...request, route: 'POST /auth/sign-in', method: 'POST' };
    await check(sent);
    expect(await send(sent)).toMatchObject({ status });
  });

  it('is refused with a problem when it has no end, and the next request goes on another connection', async () => {
    const endless = {
      path: `/approvals?run_id=${'x'.repeat(20_000)}`,
      headers: {},
      route: 'GET /approvals',
      method: 'GET',
    };
    for (let n = 0; n < 20; n += 1) {
      await check(endless);
      expect(await send(endless)).toMatchObject({ status: 431 });
      expect(await send({ ...endless, path: '/approvals' })).toMatchObject({ status: 200 });
    }
  });

  it('is answered in time, with what the document says or with a problem, and never fails', async () => {
    const routes = operationsOf(document).map(([route, operation]) => requestTo(route, operation, document, known));
    const many = fc.array(fc.oneof(...routes), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(many, async (requests) => void (await Promise.all(requests.map(check)))),
      { numRuns: 200, endOnFailure: true },
    );
    expect((await standalone.ask('GET', '/health/ready')).status).toBe(200);
  }, 300_000);
});

/** @returns what is wrong with an answer by the document. */
function fitOf(document: Document): (route: string, answer: Answer) => string | undefined {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'document', components: document.components });
  const schemas = new Map<string, ValidateFunction>();
  for (const [route, { responses }] of operationsOf(document)) {
    for (const [status, { content }] of Object.entries(responses)) {
      const schema = (content?.['application/json'] ?? content?.['application/problem+json'])?.schema;
      if (!schema) continue;
      const inDocument = JSON.stringify(schema).replaceAll('"#/components', '"document#/components');
      schemas.set(`${route} ${status}`, ajv.compile(JSON.parse(inDocument) as object));
    }
  }
  return (route, { status, text }) => {
    const validate = schemas.get(`${route} ${status >= 400 ? 'default' : status}`) ?? schemas.get(`${route} ${status}`);
    if (!validate) return `the document knows of no answer ${status}`;
    return validate(JSON.parse(text)) ? undefined : ajv.errorsText(validate.errors);
  };
}
