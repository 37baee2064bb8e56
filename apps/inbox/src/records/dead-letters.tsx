import type { DeadLetterStatus } from '@countersign/contracts/event-log';
import { visibleLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { Failure, Status } from '../ui/notes.js';
import { Choice, Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';
import { Visible } from '../ui/visible.js';
import { textOf } from './message-text.js';

/** Messages that a service could not handle. */
export function DeadLetters({ id }: { id: string | null }) {
  if (id !== null) return <OneDeadLetter key={id} id={id} />;
  const status = (query.value.get('status') || undefined) as DeadLetterStatus | undefined;
  const code = query.value.get('code') || undefined;
  return (
    <Page title="Dead letters">
      <Choice
        name="Status"
        value={status ?? ''}
        options={['open', 'replayed', 'discarded']}
        change={(value) => navigate(listOf({ code, status: value }), { replace: true })}
      />
      {code && (
        <p>
          With the code <code>{visibleLine(code)}</code>. <a href={listOf({ status })}>Show all</a>
        </p>
      )}
      <Paged
        list={(limit, signal) => client.deadLetters.list({ status, code, limit }, signal)}
        filter={`${status} ${code}`}
        everyMs={5_000}
        empty={{ title: 'No dead letters', text: 'A message that a service can never handle is kept here, with why.' }}
        head={['Message', 'Given up by', 'Why', 'Status', 'When']}
        keyOf={(letter) => letter.id}
        row={(letter) => [
          <a class="strong" href={addressOf('dead-letters', letter.id)}>
            {letter.topic}
          </a>,
          letter.group,
          <>
            {letter.code && <code>{letter.code}</code>} {visibleLine(letter.reason).slice(0, 200)}
          </>,
          <Status of={letter.status} />,
          <Ago at={letter.given_up_at} />,
        ]}
      />
    </Page>
  );
}

function OneDeadLetter({ id }: { id: string }) {
  const { data: letter, problem, reload } = useResource((signal) => client.deadLetters.get(id, signal), [id]);
  const replay = (text: string) => client.deadLetters.replay(id, text || undefined);
  const discard = (text: string) => client.deadLetters.discard(id, text || undefined);
  return (
    <Page title={letter?.topic ?? 'Dead letter'} aside={letter && <Status of={letter.status} />}>
      <p class="back">
        <a href={addressOf('dead-letters')}>← All dead letters</a>
      </p>
      <Failure problem={problem} retry={() => void reload()} />
      {letter && (
        <>
          <p>
            <strong>{letter.group}</strong> gave it up <Ago at={letter.given_up_at} />
            {letter.settled_by !== null && `; ${visibleLine(letter.settled_by)} has ${letter.status} it`}
            {letter.note && `: ${visibleLine(letter.note)}`}.
          </p>
          <section aria-labelledby="reason">
            <h2 id="reason">Why</h2>
            {letter.code && (
              <p>
                <a href={listOf({ code: letter.code })}>
                  <code>{letter.code}</code>
                </a>
              </p>
            )}
            <pre tabIndex={0}>
              <Visible text={letter.reason} />
            </pre>
          </section>
          {letter.status === 'open' && may('events:write') && (
            <div class="two">
              <section class="card" aria-labelledby="replay">
                <h2 id="replay">Redeliver</h2>
                <p class="hint">Redelivers the same bytes, once the cause is fixed.</p>
                <ActionForm send={replay} field={note} action="Replay" done={reload} />
              </section>
              <section class="card" aria-labelledby="discard">
                <h2 id="discard">Discard</h2>
                <p class="hint">It stays here as discarded, and is not redelivered.</p>
                <ActionForm send={discard} field={note} action="Discard" tone="bad" done={reload} />
              </section>
            </div>
          )}
          <section aria-labelledby="message">
            <h2 id="message">The message</h2>
            <dl class="facts">
              <dt>Place</dt>
              <dd>
                partition {letter.partition}, offset {letter.offset}
              </dd>
              <dt>Key</dt>
              <dd>{letter.key === null ? 'none' : visibleLine(letter.key)}</dd>
              {Object.entries(letter.headers).map(([name, value]) => [
                <dt key={name}>{visibleLine(name)}</dt>,
                <dd key={`${name} value`}>{visibleLine(value)}</dd>,
              ])}
            </dl>
            <pre tabIndex={0}>
              <Visible text={textOf(letter.value)} />
            </pre>
          </section>
        </>
      )}
    </Page>
  );
}

/** The address of those with a status and a code, or with any. */
const listOf = (narrowed: { status?: string | undefined; code?: string | undefined }): string => {
  const set = Object.entries(narrowed).flatMap(([name, value]) => (value ? [[name, value]] : []));
  return `${addressOf('dead-letters')}${set.length > 0 ? `?${new URLSearchParams(set)}` : ''}`;
};

const note = { label: 'Note', required: false };
