import type { HeldBy } from '@countersign/contracts/executions';

/** What holds a call, in words. */
export const heldWords: Record<HeldBy['code'], string> = {
  kill_switch: 'a kill switch',
  wait: 'the wait after the approval',
  change_window: 'its change window',
  concurrency_key: 'another call',
  retry: 'the wait for another attempt',
  tool_unavailable: 'a tool that cannot be reached',
  caller: 'the agent that asked for it, which makes it',
};
