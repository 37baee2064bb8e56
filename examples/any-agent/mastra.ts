// An agent of Mastra whose tool is behind the gate: node mastra.ts TASK
import { createOpenAI } from '@ai-sdk/openai';
import { CountersignClient, gate, GateError } from '@countersign/client';
import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';

const { COUNTERSIGN_URL: url = 'http://127.0.0.1:4000', COUNTERSIGN_KEY: key, OPENAI_BASE_URL: baseURL } = process.env;
const [task = 'Pay 80 back for order A-17: the parcel is lost.'] = process.argv.slice(2);

const pay = gate(({ order, amount }: { order: string; amount: number }) => `Paid ${amount} for ${order}.`, {
  client: new CountersignClient({ url, key }),
  agent: 'bot',
  tool: 'refund',
  framework: 'Mastra',
});

const refund = createTool({
  id: 'refund',
  description: 'Pays money back.',
  inputSchema: z.object({ order: z.string(), amount: z.number() }),
  // The same order finds the same call, also after this program was killed.
  execute: (args) => pay(args, { key: `refund ${args.order}`, reason: task }).catch(toTheModel),
});

const agent = new Agent({
  id: 'refund-bot',
  name: 'Refund bot',
  instructions: 'You pay money back.',
  model: createOpenAI({ baseURL })('gpt-5.2'),
  tools: { refund },
});
const { text } = await agent.generate(task);
console.log(text);

/** A call that was not made is no failure of the program: the model learns why. */
function toTheModel(error: unknown): string {
  if (error instanceof GateError) return error.message;
  throw error;
}
