import type { Report } from '@countersign/evidence';
import { visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { client, wordsOf } from '../server/client.js';
import { Note } from '../ui/notes.js';
import { announce } from '../ui/page.js';

type Verified = { report: Report; isOwn: boolean } | { problem: string };

/** Verifies the record of a run here, in the browser, by the same code as the command line. */
export function RunEvidence({ runId }: { runId: string }) {
  const [trusted, setTrusted] = useState('');
  const [verified, setVerified] = useState<Verified>();
  const [busy, setBusy] = useState(false);

  const verify = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const found = await verifiedRun(runId, trusted.trim());
    setVerified(found);
    announce('problem' in found ? found.problem : found.report.holds ? 'The record holds' : 'The record does not hold');
    setBusy(false);
  };

  return (
    <details class="card">
      <summary>Verify the record of this run</summary>
      <p class="muted">
        Your browser checks every hash, proof and signature of what is on record, and that each call began on a valid
        decision on exactly its arguments.
      </p>
      <form class="action-form" onSubmit={verify}>
        <label>
          Key of the record that you trust
          <input
            value={trusted}
            placeholder="empty: the one that this server shows"
            onInput={(event) => setTrusted(event.currentTarget.value)}
          />
        </label>
        <button disabled={busy}>Verify</button>
        {verified && ('problem' in verified ? <Note tone="bad">{verified.problem}</Note> : <Outcome {...verified} />)}
      </form>
    </details>
  );
}

function Outcome({ report, isOwn }: Extract<Verified, { report: Report }>) {
  if (!report.holds)
    return (
      <Note tone="bad">
        It does not hold: {visibleLine(report.message)} <code>{report.code}</code>
        {report.line !== null && `, line ${report.line}`}
      </Note>
    );
  return (
    <Note tone={report.missing.length + report.repeated.length > 0 ? 'bad' : report.notes.length > 0 ? 'warn' : 'good'}>
      <p>
        All {report.entries.length} entries are there, unchanged, in the record {visibleLine(report.origin)} of{' '}
        {report.size}.
      </p>
      <ul>
        {report.calls.map(({ approval_id, tool_name, requested_by, basis, approved_by, outcome }) => (
          <li key={approval_id}>
            <code>{visibleLine(tool_name)}</code>: asked for by {visibleLine(requested_by ?? 'nobody known')},{' '}
            {basis === 'people' ? `approved by ${approved_by.map(visibleLine).join(', ')}` : `allowed by ${basis}`},{' '}
            {outcome}.
          </li>
        ))}
        {report.missing.map(({ id, line }) => (
          <li key={id}>
            Incomplete: the event {visibleLine(id)} is not on record, as line {line} shows.
          </li>
        ))}
        {report.repeated.map(({ id, line }) => (
          <li key={id}>
            Contradiction: another event before line {line} is {visibleLine(id)} as well.
          </li>
        ))}
        {report.notes.map((note) => (
          <li key={note}>{visibleLine(note)}</li>
        ))}
      </ul>
      {isOwn && <p>The key is the one that this server shows: whoever has the server could have made another.</p>}
    </Note>
  );
}

async function verifiedRun(runId: string, trusted: string): Promise<Verified> {
  if (!globalThis.crypto?.subtle)
    return { problem: 'A browser verifies signatures on pages over HTTPS only: open the inbox over HTTPS.' };
  try {
    const [{ verifyEvidence }, evidence, { key }] = await Promise.all([
      import('@countersign/evidence'),
      client.audit.evidence(runId),
      client.audit.key(),
    ]);
    const report = await verifyEvidence(evidence, trusted || key);
    return { report, isOwn: trusted === '' };
  } catch (error) {
    return { problem: wordsOf(error) };
  }
}
