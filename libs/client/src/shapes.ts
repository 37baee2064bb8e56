import {
  Approval,
  ApprovalCount,
  ApprovalPage,
  ApprovalStats,
  ApprovalStatusView,
  BulkResolveOutcome,
  Grant,
  GrantPage,
} from '@countersign/contracts/approvals';
import {
  AuditEntryPage,
  AuditHealth,
  AuditKey,
  ConsistencyProof,
  InclusionProof,
  LegalHold,
  LegalHoldPage,
  SignedCheckpoint,
} from '@countersign/contracts/audit';
import { ApiKeyView, CommandToken, CreatedApiKey, Me } from '@countersign/contracts/auth';
import { Backup } from '@countersign/contracts/backups';
import { BacktestReport, ConfigVersion, ConfigVersionView, ReloadedConfig } from '@countersign/contracts/configuration';
import { Delegation, DelegationPage } from '@countersign/contracts/delegations';
import { DeliveryPage, PushSubscription, PushSubscriptionList } from '@countersign/contracts/deliveries';
import { DeadLetter, DeadLetterPage, EventList, LoggedEvent } from '@countersign/contracts/event-log';
import { Execution, ExecutionOutput, ExecutionPage, Switches } from '@countersign/contracts/executions';
import {
  AgentDetail,
  AgentOutput,
  RequestedCalls,
  RunEvent,
  RunOutput,
  RunPage,
  SessionOutput,
  SessionPage,
} from '@countersign/contracts/runs';
import { z } from 'zod';

/** The published schema of everything that an answer or an event of a stream may be. */
export const shapes = {
  AgentDetail,
  Agents: z.array(AgentOutput),
  ApiKeys: z.array(ApiKeyView),
  Approval,
  ApprovalCount,
  ApprovalPage,
  ApprovalStats,
  ApprovalStatus: ApprovalStatusView,
  RequestedCalls,
  AuditEntryPage,
  AuditHealth,
  AuditKey,
  BacktestReport,
  BulkResolveOutcome,
  Backup,
  CommandToken,
  ConfigVersion,
  ConfigVersions: z.array(ConfigVersionView),
  ConsistencyProof,
  CreatedApiKey,
  DeadLetter,
  DeadLetterPage,
  Delegation,
  DelegationPage,
  DeliveryPage,
  EventList,
  Execution,
  ExecutionOutput,
  ExecutionPage,
  Grant,
  GrantPage,
  InclusionProof,
  LegalHold,
  LegalHoldPage,
  LoggedEvent,
  Me,
  Nothing: z.undefined(),
  PushSubscription,
  PushSubscriptionList,
  ReloadedConfig,
  RemovedApproval: z.object({ id: z.string() }),
  Run: RunOutput,
  RunEvent,
  RunPage,
  Runs: z.array(RunOutput),
  Session: SessionOutput,
  SessionPage,
  SignedCheckpoint,
  Switches,
};

export type Shapes = typeof shapes;
export type ShapeName = keyof Shapes;
/** What each of the answers is, by name. */
export type Answers = { [N in ShapeName]: z.infer<Shapes[N]> };
