// An agent of the OpenAI Agents SDK whose tool is behind the gate: node openai-agents.ts TASK
import { CountersignClient, gate, GateError } from '@countersign/client';
import { Agent, run, setTracingDisabled, tool } from '@openai/agents';
import { z } from 'zod';

const { COUNTERSIGN_URL: url = 'http://127.0.0.1:4000', COUNTERSIGN_KEY: key } = process.env;
const [task = 'Pay 80 back for order A-17: the parcel is lost.'] = process.argv.slice(2);
setTracingDisabled(true);

const refund = gate(({ order, amount }: { order: string; amount: number }) => `Paid ${amount} for ${order}.`, {
  client: new CountersignClient({ url, key }),
  agent: 'bot',
  tool: 'refund',
  framework: 'OpenAI Agents SDK',
});

const agent = new Agent({
  name: 'Refund bot',
  model: 'gpt-5.2',
  tools: [
    tool({
      name: 'refund',
      description: 'Pays money back.',
      parameters: z.object({ order: z.string(), amount: z.number() }),
      // The same order finds the same call, also after this program was killed.
      execute: (args) => refund(args, { key: `refund ${args.order}`, reason: task }).catch(toTheModel),
    }),
  ],
});
const { finalOutput } = await run(agent, task);
console.log(finalOutput);

/** A call that was not made is no failure of the program: the model learns why. */
function toTheModel(error: unknown): string {
  if (error instanceof GateError) return error.message;
  throw error;
}
