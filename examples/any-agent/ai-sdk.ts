// An agent of the AI SDK whose tool is behind the gate: node ai-sdk.ts TASK
import { createOpenAI } from '@ai-sdk/openai';
import { CountersignClient, gate, GateError } from '@countersign/client';
import { generateText, isStepCount, tool } from 'ai';
import { z } from 'zod';

const { COUNTERSIGN_URL: url = 'http://127.0.0.1:4000', COUNTERSIGN_KEY: key, OPENAI_BASE_URL: baseURL } = process.env;
const [task = 'Pay 80 back for order A-17: the parcel is lost.'] = process.argv.slice(2);

const refund = gate(({ order, amount }: { order: string; amount: number }) => `Paid ${amount} for ${order}.`, {
  client: new CountersignClient({ url, key }),
  agent: 'bot',
  tool: 'refund',
  framework: 'AI SDK',
});

const { text } = await generateText({
  model: createOpenAI({ baseURL })('gpt-5.2'),
  tools: {
    refund: tool({
      description: 'Pays money back.',
      inputSchema: z.object({ order: z.string(), amount: z.number() }),
      // The same order finds the same call, also after this program was killed.
      execute: (args, { abortSignal }) =>
        refund(args, { key: `refund ${args.order}`, reason: task, signal: abortSignal }).catch(toTheModel),
    }),
  },
  stopWhen: isStepCount(10),
  prompt: task,
});
console.log(text);

/** A call that was not made is no failure of the program: the model learns why. */
function toTheModel(error: unknown): string {
  if (error instanceof GateError) return error.message;
  throw error;
}
