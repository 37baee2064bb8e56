// An agent of LangChain, on LangGraph, whose tool is behind the gate: node langchain.ts TASK
import { CountersignClient, gate, GateError } from '@countersign/client';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const { COUNTERSIGN_URL: url = 'http://127.0.0.1:4000', COUNTERSIGN_KEY: key, OPENAI_BASE_URL: baseURL } = process.env;
const [task = 'Pay 80 back for order A-17: the parcel is lost.'] = process.argv.slice(2);

type Refund = { order: string; amount: number };
const refund = gate(({ order, amount }: Refund) => `Paid ${amount} for ${order}.`, {
  client: new CountersignClient({ url, key }),
  agent: 'bot',
  tool: 'refund',
  framework: 'LangChain',
});

const agent = createAgent({
  model: new ChatOpenAI({ model: 'gpt-5.2', configuration: { baseURL } }),
  tools: [
    // The same order finds the same call, also after this program was killed.
    tool((args: Refund) => refund(args, { key: `refund ${args.order}`, reason: task }).catch(toTheModel), {
      name: 'refund',
      description: 'Pays money back.',
      schema: z.object({ order: z.string(), amount: z.number() }),
    }),
  ],
});
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: task }] });
console.log(messages.at(-1)?.text);

/** A call that was not made is no failure of the program: the model learns why. */
function toTheModel(error: unknown): string {
  if (error instanceof GateError) return error.message;
  throw error;
}
