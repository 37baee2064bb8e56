import type { EventData } from '@countersign/contracts';
import { canonicalJson } from '@countersign/contracts/json';
import { sign as signBytes } from 'node:crypto';
import type { DecisionClaims } from '../decisions/claims.js';
import { algorithm } from '../keys/header.js';
import type { SigningKey } from '../keys/key-ring.js';
import { previewClaimsOf, previewRequestClaimsOf } from '../previews/preview-claims.js';
import { rememberSignature } from './known-signatures.js';
import type { RequestClaims } from '../requests/request-claims.js';
import { startClaimsOf, type ResultClaims } from '../results/result-claims.js';
import type { RunEndClaims } from '../requests/run-end-claims.js';
import {
  decision,
  preview,
  previewRequest,
  request,
  result,
  runEnd,
  start,
  type Statement,
} from '../decisions/statement.js';

/** The claims as they are signed: there is one way to write them. */
export const payloadOf = (claims: object): string => canonicalJson(claims);

/** @returns a compact JWS. The same key and claims always give the same text. @throws when the claims are not as declared. */
export const signDecision = (key: SigningKey, claims: DecisionClaims): Promise<string> => sign(decision, key, claims);

/** As a decision is signed. */
export const signResult = (key: SigningKey, claims: ResultClaims): Promise<string> => sign(result, key, claims);

/** As a decision is signed: all that the event says. */
export const signStart = (key: SigningKey, event: EventData<'tool.execution_started'>): Promise<string> =>
  sign(start, key, startClaimsOf(event));

/** As a decision is signed. */
export const signRequest = (key: SigningKey, claims: RequestClaims): Promise<string> => sign(request, key, claims);

/** As a decision is signed. */
export const signRunEnd = (key: SigningKey, claims: RunEndClaims): Promise<string> => sign(runEnd, key, claims);

/** As a decision is signed: all that the event says. */
export const signPreviewRequest = (key: SigningKey, data: EventData<'approval.preview_asked'>): Promise<string> =>
  sign(previewRequest, key, previewRequestClaimsOf(data));

/** As a decision is signed: all that the event says. */
export const signPreview = (key: SigningKey, data: EventData<'tool.previewed'>): Promise<string> =>
  sign(preview, key, previewClaimsOf(data));

async function sign<C extends object>(
  statement: Statement<C>,
  { kid, x, privateKey }: SigningKey,
  input: C,
): Promise<string> {
  const claims = statement.claims.parse(input);
  const header = { alg: algorithm, kid, typ: statement.typ } as const;
  const text = `${base64url(JSON.stringify(header))}.${base64url(payloadOf(claims))}`;
  // At once: it takes less time than handing it to a thread would.
  const jws = `${text}.${signBytes(null, Buffer.from(text), privateKey).toString('base64url')}`;
  rememberSignature(jws, { x, header, claims });
  return jws;
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
