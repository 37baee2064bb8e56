import type { Approval } from '@countersign/contracts/approvals';
import { titleLine } from '@countersign/contracts/presentation';
import { openQuestion } from '@countersign/contracts/questions';
import { markedLine } from '@countersign/contracts/text';
import { callOf } from '../calls/call-of.js';
import { addressOf } from '../routes.js';
import { me } from '../server/client.js';
import { Note } from '../ui/notes.js';
import { isQuestionTo } from './list/views.js';

/** Questions on calls that whoever looks has requested: nobody decides before they answer. */
export function OpenQuestions({ approvals }: { approvals: Iterable<Approval> }) {
  const asked = [...approvals].flatMap((approval) => {
    const question = openQuestion(approval);
    return question && isQuestionTo(approval, me.value!) ? [{ approval, by: question.by }] : [];
  });
  if (asked.length === 0) return null;
  return (
    <Note tone="warn">
      <p>A question waits for your answer:</p>
      <ul>
        {asked.map(({ approval, by }) => (
          <li key={approval.id}>
            <a href={addressOf('inbox', approval.id)}>{titleLine(callOf(approval))}</a>, by {markedLine(by)}
          </li>
        ))}
      </ul>
    </Note>
  );
}
