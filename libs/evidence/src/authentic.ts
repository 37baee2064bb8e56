import type { Entry, Header } from './bundle.js';
import { unfounded } from './foundation.js';
import { EvidenceProblem, type ProblemCode } from './problem.js';
import { canonical, claimsOf, difference, digestOf, type Claims } from './signed.js';

/** An event that is as the service signed it that says such things. */
export interface Authentic {
  entry: Entry;
  claims: Claims;
  /** The key that signed it. */
  kid: string;
  /** Whether the digest was computed from the arguments, which are all shown. */
  checked: boolean;
}

/** An event that anybody may have written, who may write to its topic: it proves nothing, and takes nothing away. */
export interface Doubtful {
  entry: Entry;
  /** What does not hold where there is no other. */
  code: ProblemCode;
  reason: string;
}

type Requirement = { tool_execution?: { redact?: unknown } };
/** Whether nothing is hidden. */
const isShown = (redact: unknown): boolean => Array.isArray(redact) && redact.length === 0;

type Judged = Omit<Authentic, 'entry'> | Omit<Doubtful, 'entry'>;
type Judge = (data: Claims, keys: Header['keys'], entry: Entry) => Promise<Judged>;

const ofCall = ['approval_id', 'run_id', 'tool_call_id', 'tool_name', 'digest'];
const ofAttempt = [...ofCall, 'execution_id', 'attempt'];
export const outcomes = {
  'tool.execution_completed': 'succeeded',
  'tool.execution_failed': 'failed',
  'tool.execution_outcome_unknown': 'outcome_unknown',
} as const;
type OutcomeName = keyof typeof outcomes;

const judges: Readonly<Record<string, Judge>> = {
  'tool.approval_required': async (data, { requests }, entry) => {
    const signed = await claimsOf(data['signature'], 'countersign-request+jws', requests, entry);
    const names = [...ofCall, 'agent_id', 'agent_version', 'user_id', 'requested_by'];
    const judged = asSigned('request_signature', signed, data, names);
    if ('reason' in judged) return judged;
    const checked = isShown((data['requirement'] as Requirement | undefined)?.tool_execution?.redact);
    const { run_id, tool_call_id, tool_name, tool_args } = data;
    const isAnother =
      checked && (await digestOf(canonical({ run_id, tool_call_id, tool_name, tool_args }))) !== data['digest'];
    return isAnother
      ? { code: 'other_call', reason: 'its arguments are not the ones that were requested' }
      : { ...judged, checked };
  },
  'approval.resolved': async (data, { decisions }, entry) => {
    const signed = await claimsOf(data['signature'], 'countersign-decision+jws', decisions, entry);
    const names = [...ofCall, 'status', 'requester', 'requested_by', 'resolved_at'];
    const judged = asSigned('decision_missing', signed, data, names);
    return 'reason' in judged ? judged : decisionOf(judged, data, entry);
  },
  'tool.execution_started': async (data, { results }, entry) => {
    const signed = await claimsOf(data['signature'], 'countersign-start+jws', results, entry);
    return asSigned('start_signature', signed, data, [...ofAttempt, 'made_by', 'worker']);
  },
  'tool.previewed': async (data, { results }, entry) => {
    const signed = await claimsOf(data['signature'], 'countersign-preview+jws', results, entry);
    const text_digest = await digestOf(String(data['text']));
    const names = [
      'approval_id',
      'run_id',
      'tool_call_id',
      'tool_name',
      'round',
      'call_digest',
      'outcome',
      'text_digest',
    ];
    return asSigned('preview_missing', signed, { ...data, text_digest }, names);
  },
  ...Object.fromEntries(Object.keys(outcomes).map((type) => [type, judgeOutcome])),
};

async function judgeOutcome(data: Claims, { results }: Header['keys'], entry: Entry): Promise<Judged> {
  const signed = await claimsOf(data['signature'], 'countersign-result+jws', results, entry);
  const said = data['result'] ?? data['error'] ?? data['reason'];
  const result_digest = await digestOf(typeof said === 'string' ? said : '');
  const claims = { ...data, digest: data['digest'] ?? '', outcome: outcomes[entry.type as OutcomeName], result_digest };
  return asSigned('result_signature', signed, claims, [...ofAttempt, 'outcome', 'result_digest']);
}

/** Tells what is authentic of the entries from what is not; undefined: nobody signs events of this type. */
export async function judge(entry: Entry, { keys, run_id }: Header): Promise<Authentic | Doubtful | undefined> {
  const { data, type } = entry;
  const judgeOf = Object.hasOwn(judges, type) ? judges[type]! : undefined;
  if (!judgeOf) return undefined;
  if (data['run_id'] !== run_id) return { entry, code: 'other_call', reason: 'it is of another run' };
  return { entry, ...(await judgeOf(data, keys, entry)) };
}

function asSigned(
  code: ProblemCode,
  signed: Awaited<ReturnType<typeof claimsOf>>,
  data: Claims,
  names: readonly string[],
): Judged {
  if ('reason' in signed) return { code, reason: signed.reason };
  const other = difference(signed.claims, data, names);
  return other ? { code, reason: `it was signed with another ${other}` } : { ...signed, checked: false };
}

/** What an approval service has signed and must not have is its own doing, and no forgery. */
async function decisionOf({ claims, kid }: Omit<Authentic, 'entry'>, data: Claims, entry: Entry): Promise<Judged> {
  if (!(await hasItsDetails(claims, data)))
    return { code: 'decision_missing', reason: 'it was signed with another person, note or redaction' };
  if (!isSameGlass(claims['break_glass'], data['break_glass']))
    return { code: 'decision_missing', reason: 'it was signed with another emergency' };
  const checked = isShown(data['redact']);
  if (checked && (await digestOf(exactText(data))) !== claims['digest'])
    return { code: 'other_call', reason: 'its arguments are not the ones that were decided on' };
  if (claims['status'] !== 'approved') return { claims, kid, checked };
  const reason = unfounded(claims);
  if (reason) throw new EvidenceProblem('decision_unfounded', reason, entry.line);
  const expires = data['expires_at'];
  return typeof expires === 'number' && (claims['resolved_at'] as number) > expires
    ? { code: 'decision_unfounded', reason: 'it was approved after it had expired' }
    : { claims, kid, checked };
}

/** Whoever reads the event reads there who approved alone; its reason is the note. */
const isSameGlass = (signed: unknown, said: unknown): boolean => {
  const [one, other] = [signed, said].map((each) => (each ?? {}) as Claims);
  return ['by', 'at', 'group'].every((name) => one![name] === other![name]);
};

/** What is redacted on record is what was declared when it was signed, and after that what the record knows besides. */
async function hasItsDetails({ details_digest }: Claims, data: Claims): Promise<boolean> {
  const { resolution_data, redact, resolved_by = null } = data;
  const note = (resolution_data as Claims | null)?.['note'] ?? null;
  if (!Array.isArray(redact)) return false;
  for (let length = 0; length <= redact.length; length++)
    if ((await digestOf(canonical({ note, redact: redact.slice(0, length), resolved_by }))) === details_digest)
      return true;
  return false;
}

/** What a decision names of what was shown: the digest of the call and of what its preview says of it. */
export const previewDigestOf = ({ call_digest, text }: Claims): Promise<string> =>
  digestOf(canonical({ call: call_digest, output: text }));

/** What the digest of a decision is of: the call, what was shown of it, and for whom and by which rules it was decided. */
function exactText(data: Claims): string {
  const { run_id, tool_call_id, tool_name, tool_args, preview_digest } = data;
  const { requester, requested_by, policy_version, expires_at } = data;
  const bound = policy_version == null ? {} : { requester, requested_by, policy_version, expires_at };
  const previewed = preview_digest == null ? {} : { preview_digest };
  return canonical({ run_id, tool_call_id, tool_name, tool_args, ...previewed, ...bound });
}
