import type { Switch } from '@countersign/contracts/executions';
import { visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { Ago } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { client, wordsOf } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { announce } from '../ui/page.js';

/** The kill switches: what is held back, and a way to hold back more. */
export function Switches() {
  const { data, reload } = useResource((signal) => client.executions.switches(signal), [], 3_000);
  const [tool, setTool] = useState('');
  const paused = data?.filter((each) => each.paused) ?? [];
  return (
    <>
      {paused.map((each) => (
        <Paused key={String(each.tool_name)} of={each} reload={reload} />
      ))}
      {may('executions:write') && (
        <details class="card">
          <summary>Hold calls back</summary>
          <ActionForm
            send={(reason) => client.executions.pause(tool.trim() || null, reason)}
            field={{ label: 'Reason', required: true }}
            action="Hold back"
            tone="bad"
            done={reload}
          >
            <label>
              Tool
              <input value={tool} placeholder="all tools" onInput={(event) => setTool(event.currentTarget.value)} />
            </label>
            <p class="hint">Approved calls wait until you let them go on; none is lost. What runs is let run.</p>
          </ActionForm>
        </details>
      )}
    </>
  );
}

function Paused({ of: { tool_name, reason, by, updated_at }, reload }: { of: Switch; reload(): Promise<void> }) {
  const resume = () => client.executions.resume(tool_name).then(reload, (error: unknown) => announce(wordsOf(error)));
  return (
    <div class="note warn" role="status">
      <p>
        <strong>
          {tool_name === null ? 'All calls are held back' : `Calls of ${visibleLine(tool_name)} are held back`}
        </strong>{' '}
        {by !== null && `by ${visibleLine(by)}`}, <Ago at={updated_at} />
        {reason && `: ${visibleLine(reason)}`}
      </p>
      {may('executions:write') && (
        <button type="button" onClick={() => void resume()}>
          Let them go on
        </button>
      )}
    </div>
  );
}
