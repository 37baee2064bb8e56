import type { BulkResult } from '@countersign/contracts/approvals';
import { useState } from 'preact/hooks';
import { client, wordsOf } from '../../server/client.js';
import { Dialog } from '../../ui/dialog.js';
import { Note } from '../../ui/notes.js';
import { announce } from '../../ui/page.js';
import { Chosen } from './chosen.js';
import { decidedTogether, leftOut } from './together.js';
import type { Selection } from './selection.js';
import { useWhole } from '../decision/use-whole.js';

/** Decides on all that is selected, after showing all of it. */
export function BulkBar({ selection }: { selection: Selection }) {
  const [status, setStatus] = useState<'approved' | 'rejected' | null>(null);
  return (
    <div class="bulk-bar" role="region" aria-label="Selected approvals">
      <span>{selection.ids.size} selected</span>
      <button type="button" class="good" onClick={() => setStatus('approved')}>
        Approve…
      </button>
      <button type="button" class="bad" onClick={() => setStatus('rejected')}>
        Reject…
      </button>
      <button type="button" class="quiet" onClick={selection.clear}>
        Clear
      </button>
      {status && <BulkDialog status={status} selection={selection} close={() => setStatus(null)} />}
    </div>
  );
}

interface BulkDialogProps {
  status: 'approved' | 'rejected';
  selection: Selection;
  close(): void;
}

function BulkDialog({ status, selection, close }: BulkDialogProps) {
  const [chosen] = useState(selection.approvals);
  const whole = useWhole(chosen.map(({ id }) => id));
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const see = (digest: string) => setSeen((seen) => (seen.has(digest) ? seen : new Set([...seen, digest])));
  const given = { seen, verdict: status };
  const shown = decidedTogether(whole, given);
  const [note, setNote] = useState('');
  const [results, setResults] = useState<Map<string, BulkResult>>();
  const [problem, setProblem] = useState<string>();
  const verb = status === 'approved' ? 'Approve' : 'Reject';

  const decide = async (event: SubmitEvent) => {
    event.preventDefault();
    if (shown.length === 0) return;
    try {
      const resolution_data = note.trim() === '' ? {} : { resolution_data: { note: note.trim() } };
      const digests = Object.fromEntries(shown.map(({ id, digest }) => [id, digest]));
      const body = { ids: Object.keys(digests), status, digests, ...resolution_data };
      const { results } = await client.approvals.resolveMany(body);
      const failed = results.filter((result) => result.status !== 200);
      announce(`${results.length - failed.length} ${status}${failed.length > 0 ? `, ${failed.length} not` : ''}`);
      if (failed.length === 0) {
        selection.clear();
        return close();
      }
      setResults(new Map(results.map((result) => [result.id, result])));
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };

  return (
    <Dialog isWide title={`${verb} ${chosen.length} approval${chosen.length === 1 ? '' : 's'}`} close={close}>
      <form onSubmit={decide}>
        <ul class="chosen" tabIndex={0} aria-label="What is decided on">
          {chosen.map((listed) => (
            <Chosen
              key={listed.id}
              listed={listed}
              whole={whole?.get(listed.id)}
              left={leftOut({ whole: whole?.get(listed.id), ...given })}
              result={results?.get(listed.id)}
              see={see}
            />
          ))}
        </ul>
        {problem && <Note tone="bad">{problem}</Note>}
        {results ? (
          <div class="buttons">
            <button type="button" class="primary" onClick={close}>
              Done
            </button>
          </div>
        ) : (
          <>
            <label>
              Reason, for all of them
              <textarea rows={2} value={note} onInput={(event) => setNote(event.currentTarget.value)} autoFocus />
            </label>
            <div class="buttons">
              <button class={`primary ${status === 'approved' ? 'good' : 'bad'}`} aria-disabled={shown.length === 0}>
                {verb} {whole ? shown.length : '…'}
                {whole && shown.length < chosen.length && ` of ${chosen.length}`}
              </button>
              <button type="button" onClick={close}>
                Cancel
              </button>
            </div>
          </>
        )}
      </form>
    </Dialog>
  );
}
