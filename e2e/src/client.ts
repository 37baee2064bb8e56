import {
  Approval,
  ApprovalCount,
  ApprovalPage,
  Execution,
  ExecutionPage,
  RunOutput,
  RunPage,
  type ResolutionData,
  type RunStatus,
  type Verdict,
} from '@countersign/contracts';
import type { z } from 'zod';

/** Where each part of the API is; one origin in standalone. */
export interface Origins {
  runs: string;
  approvals: string;
  executions: string;
}

/** An answer that is not the one expected. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(`${status}: ${detail}`);
  }
}

/** Talks to the HTTP API as any client would, and checks every answer against the published shapes. */
export class Client {
  constructor(readonly origins: Origins) {}

  startRun(input: string, options: { user_id?: string; key?: string } = {}): Promise<RunOutput> {
    const { key, ...rest } = options;
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    return this.#send(RunOutput, 'POST', `${this.origins.runs}/agents/ops/runs`, { input, ...rest }, headers);
  }

  run(runId: string): Promise<RunOutput> {
    return this.#send(RunOutput, 'GET', `${this.origins.runs}/runs/${runId}`);
  }

  /** The run once it has one of the statuses, or as it is after `seconds`. */
  waitForRun(runId: string, statuses: readonly RunStatus[], seconds = 20): Promise<RunOutput> {
    const query = new URLSearchParams({ wait_for: statuses.join(','), timeout: String(seconds) });
    return this.#send(RunOutput, 'GET', `${this.origins.runs}/runs/${runId}?${query}`);
  }

  runs(query: Record<string, string> = {}): Promise<z.infer<typeof RunPage>> {
    return this.#send(RunPage, 'GET', `${this.origins.runs}/runs?${new URLSearchParams(query)}`);
  }

  cancelRun(runId: string, reason: string): Promise<RunOutput> {
    return this.#send(RunOutput, 'POST', `${this.origins.runs}/agents/ops/runs/${runId}/cancel`, { reason });
  }

  approvals(query: Record<string, string> = {}): Promise<z.infer<typeof ApprovalPage>> {
    return this.#send(ApprovalPage, 'GET', `${this.origins.approvals}/approvals?${new URLSearchParams(query)}`);
  }

  approval(id: string): Promise<Approval> {
    return this.#send(Approval, 'GET', `${this.origins.approvals}/approvals/${id}`);
  }

  async pendingCount(): Promise<number> {
    return (await this.#send(ApprovalCount, 'GET', `${this.origins.approvals}/approvals/count`)).count;
  }

  resolve(id: string, status: Verdict, resolved_by: string, resolution_data?: ResolutionData): Promise<Approval> {
    const body = { status, resolved_by, ...(resolution_data && { resolution_data }) };
    return this.#send(Approval, 'POST', `${this.origins.approvals}/approvals/${id}/resolve`, body);
  }

  async removeApproval(id: string): Promise<void> {
    await this.#fetch('DELETE', `${this.origins.approvals}/approvals/${id}`);
  }

  executions(query: Record<string, string> = {}): Promise<z.infer<typeof ExecutionPage>> {
    return this.#send(ExecutionPage, 'GET', `${this.origins.executions}/executions?${new URLSearchParams(query)}`);
  }

  settle(id: string, outcome: 'succeeded' | 'failed', note: string): Promise<Execution> {
    return this.#send(Execution, 'POST', `${this.origins.executions}/executions/${id}/resolve-unknown`, {
      outcome,
      note,
    });
  }

  async #send<S extends z.ZodType>(
    shape: S,
    method: string,
    url: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<z.infer<S>> {
    const response = await this.#fetch(method, url, body, headers);
    return shape.parse(await response.json());
  }

  async #fetch(method: string, url: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    const { detail } = (await response.json()) as { detail: string };
    throw new HttpError(response.status, detail);
  }
}
