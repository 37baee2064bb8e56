import type { Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { markedLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { client, me } from '../server/client.js';
import { may, mayChange, viewerOf } from '../server/session.js';
import { Note } from '../ui/notes.js';
import { Visible } from '../ui/visible.js';
import { obstacleFor } from './decision/decision.js';

/** Questions to those who requested the call, and their answers. */
export function Questions({ approval, reload }: { approval: Approval; reload(): Promise<void> }) {
  const { id, questions, status, user_id, requested_by } = approval;
  const open = openQuestion(approval);
  const mayDecide = may('approvals:write') && obstacleFor(viewerOf(me.value!), approval) === null;
  // A deputy answers nothing: it may be the question of whoever named them.
  const mayAsSelf = mayDecide && obstacleFor(me.value!, approval) === null;
  const mayAnswer = open && open.by !== me.value!.subject && (mayAsSelf || mayChange(approval));
  const mayAsk = status === 'pending' && !open && mayDecide;
  if (questions.length === 0 && !mayAsk) return null;
  const whom = markedLine(user_id ?? requested_by ?? 'who requested it');
  return (
    <section aria-labelledby="questions" class="questions">
      <h2 id="questions">Questions</h2>
      <ul class="comments" hidden={questions.length === 0}>
        {questions.map((question) => (
          <li key={question.id}>
            <Said by={question.by} at={question.at} verb="asks" text={question.text} />
            {question.answer && <Said {...question.answer} verb="answers, in their own words" />}
            {question.withdrawn_at !== null && <p class="muted">Decided without an answer.</p>}
          </li>
        ))}
      </ul>
      {open && (
        <Note tone="warn">
          {open.by === me.value!.subject
            ? `You wait for an answer of ${whom}. You may decide without it.`
            : `Until this is answered, nobody but ${markedLine(open.by)} approves the call.`}
        </Note>
      )}
      {mayAnswer && (
        <ActionForm
          send={(text) => client.approvals.answer(id, open.id, text)}
          field={{ label: `Your answer to ${markedLine(open.by)}`, required: true }}
          action="Answer"
          tone="primary"
          done={reload}
        />
      )}
      {mayAsk && (
        <details>
          <summary>Send back with a question</summary>
          <ActionForm
            send={(text) => client.approvals.ask(id, text)}
            field={{
              label: `Question for ${whom}; until it is answered, nobody else approves the call`,
              required: true,
            }}
            action="Ask"
            done={reload}
          />
        </details>
      )}
    </section>
  );
}

function Said({ by, at, verb, text }: { by: string; at: Approval['created_at']; verb: string; text: string }) {
  return (
    <>
      <p class="muted">
        <strong>{markedLine(by)}</strong> {verb}, <Ago at={at} />
      </p>
      <blockquote>
        <Visible text={text} />
      </blockquote>
    </>
  );
}
