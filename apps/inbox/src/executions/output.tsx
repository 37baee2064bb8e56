import type { Execution } from '@countersign/contracts/executions';
import type { LiveCalls } from '../runs/run-events.js';
import { Visible } from '../ui/visible.js';
import { usePrinted } from './use-printed.js';

const isBeingMade = ({ status }: Execution): boolean => status === 'running' || status === 'reconciling';

interface OutputProps {
  execution: Execution;
  calls: LiveCalls;
}

/** What a call prints, while it prints it, and how far it is. */
export const ExecutionOutputView = ({ execution, calls }: OutputProps) => (
  <PrintedView {...{ execution, calls }} printed={usePrinted(execution, calls)} />
);

interface PrintedProps extends OutputProps {
  printed: ReturnType<typeof usePrinted>;
  /** Whether that is its result, too. */
  isResult?: boolean;
}

export function PrintedView({ execution, calls, printed: { text, total }, isResult = false }: PrintedProps) {
  const { percent = null, message = null } = calls.progress[execution.id]?.progress ?? execution.progress ?? {};
  return (
    <>
      {isBeingMade(execution) && (percent !== null || message !== null) && (
        <p class="progress">
          {percent !== null && <progress max={100} value={percent} aria-label="Progress of the call" />}{' '}
          {message && <Visible text={message} />}
        </p>
      )}
      {text !== '' && (
        <figure class="output">
          <figcaption>
            Output{isResult && ', which is the result'}
            {total > text.length && `, the first ${text.length} of ${total} characters`}
          </figcaption>
          <pre tabIndex={0}>
            <Visible text={text} />
          </pre>
        </figure>
      )}
    </>
  );
}
