import type { Execution, ExecutionOutput } from '@countersign/contracts';
import { useEffect } from 'preact/hooks';
import { useResource } from '../server/resource.js';
import { Visible } from '../ui/visible.js';

const whileItRuns = 1_000;

/** What a call prints, while it prints it. */
export function ExecutionOutputView({ execution: { id, status, progress, attempts } }: { execution: Execution }) {
  const isRunning = status === 'running' || status === 'reconciling';
  const path = `/executions/${encodeURIComponent(id)}/output`;
  const { data, reload } = useResource<ExecutionOutput>(
    attempts.length > 0 ? path : null,
    isRunning ? whileItRuns : undefined,
  );
  useEffect(() => void reload(), [status]);
  return (
    <>
      {isRunning && progress && (
        <p class="progress">
          {progress.percent !== null && (
            <progress max={100} value={progress.percent} aria-label="Progress of the call" />
          )}{' '}
          {progress.message && <Visible text={progress.message} />}
        </p>
      )}
      {data && data.text !== '' && (
        <figure class="output">
          <figcaption>
            Output
            {data.total_characters > data.text.length &&
              `, the last ${data.text.length} of ${data.total_characters} characters`}
          </figcaption>
          <pre tabIndex={0}>
            <Visible text={data.text} />
          </pre>
        </figure>
      )}
    </>
  );
}
