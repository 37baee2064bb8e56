import type { ApiError } from '@countersign/client';
import type { BacktestReport, TriedRuling } from '@countersign/contracts/configuration';
import { visibleLine } from '@countersign/contracts/text';
import { useEffect, useId, useState } from 'preact/hooks';
import { Ago } from '../clock.js';
import { addressOf } from '../routes.js';
import { client, problemOf } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { Failure, Note } from '../ui/notes.js';
import { Page } from '../ui/page.js';

const spans = [7, 30, 90];

/** Tries other rules on the calls of the last days, before they are in force. */
export function Rules() {
  const [text, setText] = useState('');
  const [days, setDays] = useState(30);
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<BacktestReport>();
  const [problem, setProblem] = useState<ApiError>();

  // What is in force is what one begins with.
  useEffect(() => {
    void (async () => {
      const [latest] = await client.config.versions();
      if (latest) setText((await client.config.version(latest.number)).text);
    })().catch((error: unknown) => setProblem(problemOf(error)));
  }, []);

  const attempt = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setReport(undefined);
    try {
      setReport(await client.config.backtest({ text, days }));
      setProblem(undefined);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };

  return (
    <Page title="Rules">
      <form class="rules-trial" onSubmit={attempt}>
        <p class="muted">
          What is in force stands here. Change its rules, and see which calls they would have decided otherwise. Nothing
          is decided, and nothing is put in force.
        </p>
        <label>
          countersign.yaml
          <textarea
            class="code"
            rows={16}
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <label class="choice">
            Calls of the last
            <select value={String(days)} onChange={(event) => setDays(Number(event.currentTarget.value))}>
              {spans.map((each) => (
                <option key={each} value={String(each)}>
                  {each} days
                </option>
              ))}
            </select>
          </label>
          <button class="primary" disabled={busy || text.trim() === ''}>
            Try them
          </button>
        </div>
      </form>
      <Failure problem={problem} />
      {report && <Report report={report} by="these rules" days={days} />}
      <Shadow days={days} />
    </Page>
  );
}

/** What the rules on trial would have decided, as it was recorded when each call was asked for. */
function Shadow({ days }: { days: number }) {
  const { data, problem } = useResource((signal) => client.config.shadow({ days }, signal), [days]);
  if (!data || data.total > 0)
    return (
      <>
        <Failure problem={problem} />
        {data && <Report report={data} by="the rules on trial (shadow)" days={days} />}
      </>
    );
  return (
    <section class="rules-report" aria-labelledby="shadow">
      <h2 id="shadow">Rules on trial</h2>
      <p class="muted">
        None were on trial in the last {days} days. What stands under <code>shadow</code> in countersign.yaml is tried
        on every call and decides nothing; what it would have decided otherwise is shown here.
      </p>
    </section>
  );
}

/** @param by which rules, in words */
function Report({ report, by, days }: { report: BacktestReport; by: string; days: number }) {
  const id = useId();
  const { total, is_complete, otherwise, otherwise_total, laxer_total } = report;
  return (
    <section class="rules-report" aria-labelledby={id}>
      <h2 id={id}>
        {otherwise_total} of {total.toLocaleString()} calls would have been decided otherwise by {by}
      </h2>
      <p class="muted">
        {is_complete ? `All calls of the last ${days} days` : `The newest calls of the last ${days} days`}.
      </p>
      {laxer_total > 0 && (
        <Note tone="warn">
          Less would have been asked of {laxer_total}. Look at {laxer_total === 1 ? 'it' : 'these'} first.
        </Note>
      )}
      {otherwise.length > 0 && (
        <table class="records">
          <thead>
            <tr>
              {heads.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {otherwise
              .toSorted((a, b) => Number(b.is_laxer) - Number(a.is_laxer))
              .map(({ id, call, created_at, then, now, is_laxer }) => (
                <tr key={id}>
                  <td data-label="Call">
                    <a class="strong" href={addressOf('inbox', id)}>
                      {call}
                    </a>
                  </td>
                  <td data-label="Then">{inWords(then)}</td>
                  <td data-label="By these rules">
                    <span class={`status ${is_laxer ? 'bad' : 'good'}`}>
                      {is_laxer ? 'asks less' : 'asks more or other'}
                    </span>{' '}
                    {inWords(now)}
                  </td>
                  <td data-label="Asked">
                    <Ago at={created_at} />
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
      {otherwise.length < otherwise_total && <p class="more">The newest {otherwise.length} are shown.</p>}
    </section>
  );
}

const heads = ['Call', 'Then', 'By these rules', 'Asked'];

function inWords({ outcome, rule, approvals }: TriedRuling): string {
  const what =
    outcome === 'require'
      ? approvals === null
        ? 'people decide'
        : `${approvals} ${approvals === 1 ? 'person approves' : 'people approve'}`
      : outcome === 'approve'
        ? 'approved by itself'
        : 'rejected by itself';
  return `${what} (${rule === null ? 'the default' : visibleLine(rule)})`;
}
