import type { Hint, HintAction } from '@countersign/contracts/problems';

/** The command that does what a hint says; null where there is none. */
const commands: Record<HintAction, ((id: string) => string) | null> = {
  sign_in: () => 'countersign login',
  ask_administrator: null,
  read_csrf_token: null,
  retry_later: null,
  new_idempotency_key: null,
  list_agents: null,
  list_approvals: () => 'countersign approvals list',
  list_dead_letters: () => 'countersign dead-letters list',
  list_executions: () => 'countersign executions list',
  list_delegations: () => 'countersign deputies list',
  list_grants: () => 'countersign grants list',
  list_keys: () => 'countersign keys list',
  list_runs: () => 'countersign runs list',
  list_sessions: null,
  reload_approval: (id) => `countersign approvals show ${id}`,
  resolve_approval: (id) => `countersign approvals approve ${id}`,
  reload_run: (id) => `countersign runs show ${id}`,
  reload_execution: (id) => `countersign executions show ${id}`,
  settle_execution: (id) => `countersign executions resolve-unknown ${id} --outcome … --note …`,
  retry_even_if_done: (id) => `countersign executions retry ${id} --even-if-done --note …`,
};

/** What a server says, with the command for what there is to do; a server may know actions that are new. */
export function withCommand(detail: string, hint: Hint | null | undefined): string {
  const command =
    hint && Object.hasOwn(commands, hint.action) ? commands[hint.action as HintAction]?.(hint.id ?? '') : undefined;
  return command === undefined ? detail : `${detail} → ${command}`;
}
