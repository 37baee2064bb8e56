import type { ApiError } from '@countersign/client';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { navigate } from '../navigation.js';
import { addressOf } from '../routes.js';
import { client, problemOf } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { Failure } from '../ui/notes.js';

/** Gives an agent something to do. */
export function StartRun({ close }: { close(): void }) {
  const agents = useResource((signal) => client.agents.list(signal));
  const [agentId, setAgentId] = useState<string>();
  const [input, setInput] = useState('');
  const [problem, setProblem] = useState<ApiError>();
  const field = useRef<HTMLTextAreaElement>(null);
  // A second click, or a second try after a lost answer, is the same run.
  const [key, setKey] = useState(newKey);
  useLayoutEffect(() => field.current?.focus(), []);
  const here = agents.data?.filter(({ external }) => !external);
  const agent = here?.find(({ id }) => id === agentId) ?? here?.[0];

  const start = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!agent) return;
    try {
      const run = await client.runs.start(agent.id, { input: input.trim() }, { idempotencyKey: key });
      navigate(addressOf('runs', run.run_id));
    } catch (error) {
      setProblem(problemOf(error));
    }
  };

  return (
    <form class="card start-run" onSubmit={start}>
      <h2>Start a run</h2>
      <label>
        Agent
        <select value={agent?.id} onChange={(event) => setAgentId(event.currentTarget.value)}>
          {here?.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {agent && (
        <p class="hint">
          It can use:{' '}
          {agent.tools
            .map(({ name, approval }) => `${name}${approval === 'required' ? ' (needs approval)' : ''}`)
            .join(', ')}
        </p>
      )}
      {here?.length === 0 && <p class="hint">All agents run elsewhere: their runs begin there.</p>}
      <label>
        What is it to do?
        <textarea
          ref={field}
          rows={3}
          required
          value={input}
          placeholder="Deploy the auth-service version 2.1.0 to production."
          onInput={(event) => {
            setInput(event.currentTarget.value);
            setKey(newKey());
          }}
        />
      </label>
      <Failure problem={problem ?? agents.problem} />
      <div class="buttons">
        <button class="primary" disabled={!agent}>
          Start
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** Browsers have `randomUUID` on secure pages only. */
const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
