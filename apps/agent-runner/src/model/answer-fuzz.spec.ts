import type { ConversationItem } from '@countersign/contracts/runs';
import { startModelServer, type ModelAnswer, type ModelServer } from '@countersign/testing';
import fc, { type GeneratorValue } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agent, call, callsIn, once, question, text } from '../../test/model.fixtures.js';
import { ChatModel } from './chat/chat-model.js';
import { ModelError } from './model.js';
import { OpenAIModel } from './openai.js';
import { takenIn } from './wire/intake.js';

const texts = ['', 'x', '\0', '\ud800', 'x'.repeat(40), '__proto__'];
const objects: unknown[] = [
  {},
  [],
  [null],
  [[]],
  { type: 'function_call' },
  { type: 'reasoning', id: 7 },
  { toString: 1 },
];
const odd = fc.constantFrom<unknown>(null, undefined, 7, -1, 0.5, true, ...texts, ...objects);
const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
const answers = [
  [text('Hello.')],
  [reasoning, text('I deploy it.'), call('call_a'), call('call_b')],
  [{ type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }],
  [reasoning],
];

/** Puts something odd, or nothing, in up to three places. */
function damage(value: object, g: GeneratorValue): object {
  const copy = structuredClone(value);
  for (let times = g(fc.nat, { max: 3 }); times > 0; times--) {
    const places: [Record<string, unknown>, string][] = [];
    const visit = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return;
      for (const name of Object.keys(node)) {
        places.push([node as Record<string, unknown>, name]);
        visit((node as Record<string, unknown>)[name]);
      }
    };
    visit(copy);
    const [parent, name] = places[g(fc.nat, { max: places.length - 1 })] ?? [{}, ''];
    parent[name] = structuredClone(g(() => odd));
  }
  return copy;
}

/** What a server may say in the place of a stream of these. */
const streamed = (g: GeneratorValue, events: object[], end: string) =>
  events
    .flatMap((event) => g(fc.constantFrom, [event], [event], [event], [event, event], []))
    .map((event) => `data: ${JSON.stringify(damage(event as object, g))}\n\n`)
    .join('') + g(fc.constantFrom, end, end, '', 'data: {\n\n', ': nothing\n\n');

function inResponses(g: GeneratorValue, output: object[], stream: boolean): string {
  const response = {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    output,
    usage: { input_tokens: 1, output_tokens: 2 },
  };
  if (!stream) return JSON.stringify(damage(response, g));
  const items = output.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item }));
  const delta = {
    type: 'response.output_text.delta',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta: 'Hel',
  };
  const last = { type: 'response.completed', response: { ...response, output: g(fc.constantFrom, output, []) } };
  return streamed(g, [{ type: 'response.created', response }, delta, ...items, last], '');
}

function inChat(g: GeneratorValue, output: ConversationItem[], stream: boolean): string {
  const tool_calls = callsIn(output).map(({ call_id, name, arguments: args }, index) => {
    return { index, id: call_id, type: 'function', function: { name, arguments: args } };
  });
  const message = { role: 'assistant', content: 'Hello.', ...(tool_calls.length > 0 && { tool_calls }) };
  const finish_reason = g(fc.constantFrom, 'stop', 'tool_calls', 'length', 'content_filter');
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  if (!stream) return JSON.stringify(damage({ choices: [{ index: 0, message, finish_reason }], usage }, g));
  const chunks = [{ role: 'assistant', content: 'Hel' }, ...tool_calls.map((each) => ({ tool_calls: [each] })), {}];
  return streamed(
    g,
    chunks.map((delta, n) => ({
      choices: [{ index: 0, delta, finish_reason: n < chunks.length - 1 ? null : finish_reason }],
    })),
    'data: [DONE]\n\n',
  );
}

const { seed = 20261127, numRuns = 400 } = fc.readConfigureGlobal();
let server: ModelServer;
let answer: ModelAnswer;
beforeAll(async () => void (server = await startModelServer({ respond: () => answer })));
// Which throws when a request was sent that the provider would refuse.
afterAll(() => server.stop());

test.each([
  ['the Responses API', OpenAIModel, inResponses],
  ['Chat Completions', ChatModel, inChat],
] as const)(
  'whatever answers in the place of %s, it is an answer that goes on, or a failure of the model',
  async (_, Model, write) => {
    const outcomes = { answered: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const model = new Model({ apiKey: 'a-secret-key', baseURL: server.url, timeoutMs: 2_000 });
        const stream = g(fc.boolean);
        const whole = write(g, g(fc.constantFrom, ...answers) as ConversationItem[], stream);
        const body = g(fc.constantFrom, whole, whole, whole, whole.slice(0, whole.length / 2), '<html>', '');
        const type = stream ? 'text/event-stream' : 'application/json';
        const headers = {
          ...once,
          'content-type': g(fc.constantFrom, type, type, type, 'text/html', 'application/json'),
        };
        answer = { status: g(fc.constantFrom, 200, 200, 200, 200, 404, 500), body, headers };
        const ask = (conversation: ConversationItem[]) =>
          model.respond({ agent, conversation, signal: new AbortController().signal, ...(stream && { onText() {} }) });
        const said = await ask([question]).catch((error: unknown) => {
          if (!(error instanceof ModelError)) throw error;
          expect(error.message).not.toContain('a-secret-key');
          return undefined;
        });
        outcomes[said ? 'answered' : 'failed'] += 1;
        if (!said) return;
        expect(Object.values(said.usage).filter((tokens) => !Number.isSafeInteger(tokens) || tokens < 0)).toEqual([]);
        expect(said.incomplete === null || typeof said.incomplete === 'string').toBe(true);
        const { items } = takenIn({ items: [question], steps: 1 }, said.items);
        const outputs = callsIn(items).map(({ call_id }) => ({
          type: 'function_call_output',
          call_id,
          output: 'done',
        }));
        answer = { output: [text('Done.')] };
        expect((await ask([question, ...items, ...outputs])).items).toMatchObject([{ type: 'message' }]);
        expect(server.refusals).toEqual([]);
      }),
      { seed, numRuns },
    );
    expect(Math.min(outcomes.answered, outcomes.failed)).toBeGreaterThan(numRuns / 8);
  },
  60_000 + numRuns * 100,
);
