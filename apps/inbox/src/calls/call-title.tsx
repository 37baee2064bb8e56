import {
  actionOf,
  presentCall,
  titleOf,
  type PresentableCall,
  type TitlePart,
} from '@countersign/contracts/presentation';
import { Visible } from '../ui/visible.js';

/** What a call is, in a line: words as declared, its own values set apart. */
export const CallTitle = ({ call }: { call: PresentableCall }) => <Parts of={titleOf(call)} />;

/** The same for a button, with where it is made. */
export const CallAction = ({ call }: { call: PresentableCall }) => <Parts of={actionOf(call)} />;

/** Each part by itself, so that no direction of writing moves what stands beside it. */
const Parts = ({ of }: { of: readonly TitlePart[] }) => (
  <span class="call-title">
    {of.map(({ text, isValue }, n) =>
      isValue ? (
        <b key={n}>
          <Visible exact text={text.replaceAll('\n', '↵')} />
        </b>
      ) : (
        <Visible key={n} exact text={text} />
      ),
    )}
  </span>
);

/** Where a call is made and how risky it is, as far as its tool says so. */
export function CallMarks({ call }: { call: PresentableCall }) {
  const { environment, risk } = presentCall(call);
  return (
    <>
      {environment && (
        <span
          class={`environment ${environment.color}`}
          title={environment.isKnown ? 'Environment' : 'Not an environment that the tool declares'}
        >
          {environment.name === null ? 'no environment' : <Visible exact text={environment.name} />}
          {!environment.isKnown && ' ?'}
        </span>
      )}
      {risk !== 'low' && <span class={`risk ${risk}`}>{risk} risk</span>}
    </>
  );
}
