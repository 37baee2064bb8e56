import type { z } from 'zod';
import { DecisionClaims } from './claims.js';
import { PreviewClaims, PreviewRequestClaims } from '../previews/preview-claims.js';
import { RequestClaims } from '../requests/request-claims.js';
import { ResultClaims, StartClaims } from '../results/result-claims.js';
import { RunEndClaims } from '../requests/run-end-claims.js';

/** What is signed. Each kind says in its header which it is, so that one can never pass for the other. */
export interface Statement<C> {
  noun: string;
  typ: string;
  claims: z.ZodType<C>;
}

export const decision: Statement<DecisionClaims> = {
  noun: 'decision',
  typ: 'countersign-decision+jws',
  claims: DecisionClaims,
};

export const result: Statement<ResultClaims> = {
  noun: 'result',
  typ: 'countersign-result+jws',
  claims: ResultClaims,
};

export const start: Statement<StartClaims> = {
  noun: 'start of a call',
  typ: 'countersign-start+jws',
  claims: StartClaims,
};

export const request: Statement<RequestClaims> = {
  noun: 'request',
  typ: 'countersign-request+jws',
  claims: RequestClaims,
};

export const runEnd: Statement<RunEndClaims> = {
  noun: 'end of a run',
  typ: 'countersign-run-end+jws',
  claims: RunEndClaims,
};

export const previewRequest: Statement<PreviewRequestClaims> = {
  noun: 'request for a preview',
  typ: 'countersign-preview-request+jws',
  claims: PreviewRequestClaims,
};

export const preview: Statement<PreviewClaims> = {
  noun: 'preview',
  typ: 'countersign-preview+jws',
  claims: PreviewClaims,
};
