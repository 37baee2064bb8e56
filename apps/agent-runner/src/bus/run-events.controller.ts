import { derivedId, isMadeHere, type Event } from '@countersign/contracts';
import { TerminalError, type DeadLetterCode } from '@countersign/contracts/problems';
import { atMillis, toEpochSeconds, type EpochSeconds } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { OnEvent, type Alarms } from '@countersign/service';
import { DecisionGuard } from '@countersign/signing';
import { ResultGuard, type ResultEvent } from '@countersign/signing/results';
import { Controller, Inject } from '@nestjs/common';
import { Agents } from '../agents/agents.js';
import { ExternalCalls } from '../external-agents/external-calls.js';
import { RunCommands } from './run-commands.js';
import { isSameRequest } from '../http/requester.js';
import type { RunMessage } from '../run/messages.js';
import type { RunRejection } from '../run/states.js';
import { RunDispatcher } from '../dispatch/run-dispatcher.js';
import { Sessions } from '../sessions/sessions.js';
import { AGENT_OF_RUN, ALARMS } from '../tokens.js';

/** What arrives for runs. Each handler records it and returns; model calls happen elsewhere. */
@Controller()
export class RunEventsController {
  constructor(
    @Inject(RunDispatcher) private readonly runner: RunDispatcher,
    @Inject(Agents) private readonly agents: Pick<Agents, 'callersOf' | 'has' | 'deadlineFor'>,
    @Inject(RunCommands) private readonly commands: Pick<RunCommands, 'asker' | 'requester' | 'canceller'>,
    @Inject(ExternalCalls) private readonly calls: Pick<ExternalCalls, 'request'>,
    @Inject(Sessions) private readonly sessions: Pick<Sessions, 'admits'>,
    @Inject(DecisionGuard) private readonly guard: DecisionGuard,
    @Inject(ResultGuard) private readonly results: ResultGuard,
    @Inject(ALARMS) private readonly alarms: Alarms,
    @Inject(AGENT_OF_RUN) private readonly agentOf: (run_id: string) => Promise<Agent | null>,
  ) {}

  @OnEvent('agent-runner', 'run.requested')
  async requested(event: Event<'run.requested'>): Promise<void> {
    const { id, source, time, data, traceparent, tracestate } = event;
    const { agent_id, input, deadline_in } = data;
    if (this.agents.callersOf(agent_id))
      throw new TerminalError('agent_external', `agent "${agent_id}" runs elsewhere: send tool.call_requested`);
    if (!this.agents.has(agent_id)) throw new TerminalError('agent_not_found', `there is no agent "${agent_id}"`);
    mayBeNamed(data.run_id);
    const run_id = data.run_id ?? derivedId('run', source, id);
    const requester = await this.commands.requester(event, run_id);
    if (!requester) return;
    const { user_id, requested_by, act } = requester;
    const session_id = data.session_id ?? run_id;
    const deadline_at = this.agents.deadlineFor(agent_id, deadline_in);
    const request = { run_id, agent_id, session_id, user_id, requested_by, run_input: input };
    const isChosen = data.session_id !== undefined || data.run_id !== undefined;
    if (isChosen && !(await this.sessions.admits(request)))
      throw new TerminalError('session_not_found', `there is no session "${session_id}"`);
    const is_named = data.run_id !== undefined;
    const requested_at = sentAt(time);
    const run = { ...request, is_named, requested_at, deadline_at, streamed: false, traceparent, tracestate };
    const handled = await this.runner.handle(run_id, { type: 'requested', run }, act);
    // The sender would wait for a run that is not theirs.
    if (handled.kind === 'ignored' && !isSameRequest(handled.state!, request))
      throw new TerminalError('run_id_taken', `there is a run "${run_id}" already, of another request`);
  }

  @OnEvent('agent-runner', 'tool.call_requested')
  async callsRequested(event: Event<'tool.call_requested'>): Promise<void> {
    const { id, source, data, time } = event;
    mayBeNamed(data.run_id);
    const run_id = data.run_id ?? derivedId('run', source, id);
    const sender = await this.commands.asker(event, run_id);
    if (!sender) return;
    const isNamed = data.run_id !== undefined;
    const wanted = {
      run_id,
      agent_id: data.agent_id,
      request: data,
      who: sender,
      trace: event,
      causationid: id,
      isNamed,
      requested_at: sentAt(time),
    };
    const asked = await this.calls.request(wanted);
    if ('ok' in asked) return;
    const { code, message } = asked;
    throw new TerminalError(code === 'idempotency_key_reused' ? 'run_id_taken' : code, message);
  }

  @OnEvent('agent-runner', 'run.cancel_requested')
  async cancelRequested(event: Event<'run.cancel_requested'>): Promise<void> {
    const act = await this.commands.canceller(event);
    if (!act) return;
    const { data } = event;
    await this.runner.handle(data.run_id, { type: 'cancel_requested', reason: data.reason ?? null }, act);
  }

  @OnEvent('agent-runner', 'approval.resolved')
  async resolved(event: Event<'approval.resolved'>): Promise<void> {
    const verdict = await this.guard.examine(event.data);
    if (verdict.kind === 'sound') return this.#forward(event);
    if (verdict.kind === 'not_authentic' || verdict.code !== 'too_late')
      throw this.#refused(
        'decision',
        verdict.kind === 'refused' ? 'decision_refused' : verdict.kind,
        event,
        verdict.reason,
      );
    const { run_id } = event.data;
    await this.#handle(run_id, { type: 'resolved_late', event });
  }

  @OnEvent('agent-runner', 'tool.execution_completed')
  async completed(event: Event<'tool.execution_completed'>): Promise<void> {
    await this.#believe(event);
  }

  @OnEvent('agent-runner', 'tool.execution_failed')
  async failed(event: Event<'tool.execution_failed'>): Promise<void> {
    if (event.data.code !== 'preview_changed') return this.#believe(event);
    await this.#believe(event, async () => {
      const agent = await this.agentOf(event.data.run_id);
      await this.#handle(event.data.run_id, { type: 'preview_changed', event, agent });
    });
  }

  @OnEvent('agent-runner', 'tool.execution_outcome_unknown')
  async outcomeUnknown(event: Event<'tool.execution_outcome_unknown'>): Promise<void> {
    await this.#believe(event);
  }

  /** The outcome of a call, if an executor signed it. */
  async #believe(event: ResultEvent & ForRun, act = () => this.#forward(event)): Promise<void> {
    const problem = await this.results.problemWith(event);
    if (problem !== undefined) throw this.#refused('result', 'not_authentic', event, problem);
    // The execution of an approval has its id. One of a decision that was never made has another: the call is still open.
    if (event.data.execution_id === event.data.approval_id) await act();
  }

  #refused(
    what: 'decision' | 'result',
    code: 'decision_refused' | 'not_authentic',
    { data: { approval_id, tool_name } }: ForRun,
    reason: string,
  ): TerminalError {
    this.alarms.refused(what, code === 'not_authentic' ? code : 'refused', { approval_id, tool_name, reason });
    return new TerminalError(code, `approval ${approval_id}: ${reason}`);
  }

  /** A message that its run refuses belongs to no call of it; it becomes a dead letter, with the reason. */
  async #forward(event: ForRun): Promise<void> {
    await this.#handle(event.data.run_id, event);
  }

  async #handle(run_id: string, message: RunMessage): Promise<void> {
    const handled = await this.runner.handle(run_id, message);
    if (handled.kind === 'rejected') throw new TerminalError(codeOf(handled.code), `run ${run_id}: ${handled.reason}`);
  }
}

const sentAt = (time: string): EpochSeconds => toEpochSeconds(atMillis(Math.max(0, Date.parse(time))));

/** @throws TerminalError for an id that could become another's. */
function mayBeNamed(run_id: string | undefined): void {
  if (run_id === undefined || !isMadeHere(run_id)) return;
  const message = `run_id "${run_id}" has the form of ids that are made here: choose another`;
  throw new TerminalError('run_id_reserved', message);
}

/** Of what a run answers to whoever works on it, whoever sends a message need know only that it is not the time. */
function codeOf(code: RunRejection): DeadLetterCode {
  switch (code) {
    case 'arguments_changed':
    case 'call_not_found':
    case 'run_not_found':
      return code;
    default:
      return 'wrong_run_state';
  }
}

type ForRun =
  | Event<'approval.resolved'>
  | Event<'tool.execution_completed'>
  | Event<'tool.execution_failed'>
  | Event<'tool.execution_outcome_unknown'>;
