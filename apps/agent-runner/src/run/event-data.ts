import type { Run } from '@countersign/contracts/runs';

export const who = ({ run_id, agent_id, session_id, user_id, requested_by }: Run) => ({
  run_id,
  agent_id,
  session_id,
  user_id,
  requested_by,
});

/** The signature takes time, so it is added before this is stored. */
export const unsigned = { signature: null } as const;
