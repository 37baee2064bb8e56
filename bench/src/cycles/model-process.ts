import { startModelServer, type ModelRequest } from '@countersign/testing/model-server';
import { taskOf, tell } from '../child.js';

/** With a chain: that many calls of a tool that needs no approval, one after another, and then the answer. */
const { chain, delay = 0 } = taskOf<{ chain?: number; delay?: number }>();

function oneCallAfterAnother({ input }: ModelRequest) {
  const made = input.filter(({ type }) => type === 'function_call_output').length;
  const call = { type: 'function_call', call_id: `call_${made}`, name: 'list_releases', arguments: '{}' };
  const answer = {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Done.', annotations: [] }],
  };
  return { output: [made < chain! ? call : answer], delay };
}

const server = await startModelServer(chain === undefined ? {} : { respond: oneCallAfterAnother });
process.once('SIGTERM', () => process.exit(0));
tell({ url: server.url });
