import {
  CommandGuards,
  CommandTokens,
  CommandUses,
  principalOf,
  type Principal,
  type RefusedAttempt,
} from '@countersign/auth';
import type { Event, EventData, EventName } from '@countersign/contracts';
import type { Approval, PossiblyExecuted } from '@countersign/contracts/approvals';
import type { Role } from '@countersign/contracts/auth';
import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import type { Presentation } from '@countersign/contracts/presentation';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import type { Channel } from '@countersign/definitions';
import { decode, type Message } from '@countersign/messaging';
import { CommandHandler, WorkPool } from '@countersign/persistence';
import { Metrics, Refusals, type Alarms, noTracing } from '@countersign/service';
import { generateKey, keysFromText, RequestGuard, Verifier, type RequestPolicy } from '@countersign/signing';
import { openTemporaryDatabase } from '@countersign/testing';
import { createLocalJWKSet } from 'jose';
import { vi } from 'vitest';
import { ApprovalEventsController } from '../src/bus/approval-events.controller.js';
import { ApprovalFeed } from '../src/lists/approval-feed.js';
import { ApprovalMetrics } from '../src/lists/approval-metrics.js';
import * as given from './approval.fixtures.js';
import { decideApproval } from '../src/approval/approval.js';
import type { ApprovalMessage, ApprovalRejection } from '../src/approval/messages.js';
import { ApprovalsController } from '../src/http/approvals.controller.js';
import { Decisions } from '../src/decisions/decisions.js';
import { definitionsWith } from './definitions.fixtures.js';
import {
  decideDelegation,
  type DelegationMessage,
  type DelegationRejection,
  type StoredDelegation,
} from '../src/delegations/delegation.js';
import { DelegationsController } from '../src/delegations/delegations.controller.js';
import { delegationCollection, Delegations } from '../src/delegations/delegations.js';
import { decideGrant, type GrantMessage, type StoredGrant } from '../src/grants/grant.js';
import { Grants } from '../src/grants/grants.js';
import type { Gates } from '../src/gates/gates.js';
import { PolicyEvaluator } from '../src/policy/policy-evaluator.js';
import { deliveryCollection } from '../src/notify/deliveries/delivery-record.js';
import { decideDelivery, type DeliveryMessage } from '../src/notify/deliveries/delivery.js';
import { Notifier } from '../src/notify/notifier.js';
import { Signer } from '../src/decisions/signer.js';

export const somebody = (subject: string, role: Role = 'approver', groups: string[] = []): Principal =>
  principalOf({ subject, roles: [role], groups }, 'key');

const quiet = { info() {}, warn() {}, error() {} };

interface Opened {
  rules?: object;
  channels?: Channel[];
  /** Those that are signed are signed with `ring`. */
  requests?: RequestPolicy;
  /** How the definitions show every call. */
  presentation?: Presentation;
  /** What the definitions say; unless given, what the request does. */
  gate?: Gates['of'];
  setBack?: (began: EpochMillis) => PossiblyExecuted['code'] | null;
}

const asSaid: Gates['of'] = (request) => {
  const { approval_type, pause_type, requirement } = request as EventData<'tool.approval_required'>;
  const fields = requirement.user_input_schema ?? [];
  const parameters = {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  };
  return {
    approval: approval_type,
    requires: pause_type,
    user_input: fields.map(({ name }) => name),
    redact: requirement.tool_execution.redact,
    parameters: fields.length > 0 ? parameters : null,
  };
};

/** The parts of the service, put together as the service does it, on a store of its own. */
export async function openApprovals({
  rules = {},
  channels = [],
  requests = 'trusted',
  presentation,
  gate = (request) => ({ ...asSaid(request), presentation }),
  setBack = () => null,
}: Opened = {}) {
  const { database, close } = openTemporaryDatabase();
  const clock = { time: given.now };
  const now = () => clock.time;
  const published: Event[] = [];
  const common = {
    source: '/approval-service',
    now,
    publish: (events: readonly Event[]) => void published.push(...events),
  };
  const ring = await keysFromText(JSON.stringify(await generateKey()));
  const signer = new Signer(async () => ring);
  await signer.open();

  const ofApprovals = { name: 'approvals', key: 'id' as const, indexes: [['run_id'], ['-created_at'], ['due_at']] };
  const store = database.collection<Approval>(ofApprovals).store;
  const approvals = new CommandHandler<Approval, ApprovalMessage, ApprovalRejection>({
    ...common,
    collection: ofApprovals,
    store,
    decide: decideApproval,
    beforeCommit: signer.sign,
  });
  const ofGrants = { name: 'grants', key: 'id' as const, indexes: [['agent_id', 'tool_name', '-expires_at']] };
  const grantStore = database.collection<StoredGrant>(ofGrants).store;
  const grants = new CommandHandler<StoredGrant, GrantMessage>({
    ...common,
    collection: ofGrants,
    store: grantStore,
    decide: decideGrant,
  });
  const deliveryStore = database.collection(deliveryCollection).store;
  const deliveries = new CommandHandler<NoticeDelivery, DeliveryMessage>({
    ...common,
    collection: deliveryCollection,
    store: deliveryStore,
    decide: decideDelivery,
  });

  const pool = new WorkPool<NoticeDelivery>({ store: deliveryStore, size: 1, now, log: quiet, onDue: async () => {} });
  const notifier = new Notifier({
    deliveries,
    pool: () => pool,
    channels,
    senders: new Map(),
    approvals: (id) => store.get(id),
    now,
    log: quiet,
  });
  const guard = new RequestGuard(requests, () => Verifier.fromKeyRing(ring));
  await guard.open();
  const refused = vi.fn<Alarms['refused']>();
  const definitions = definitionsWith(rules);
  const judge = new PolicyEvaluator(definitions);
  const granting = new Grants({ grants, approvals: store, definitions: () => definitions, now, setBack });
  const attempts: RefusedAttempt[] = [];
  const delegationStore = database.collection<StoredDelegation>(delegationCollection).store;
  const delegations = new CommandHandler<StoredDelegation, DelegationMessage, DelegationRejection>({
    ...common,
    collection: delegationCollection,
    store: delegationStore,
    decide: decideDelegation,
  });
  // Nobody here has a key or a login that could end.
  const credentials = {
    current: async (all: readonly object[]) => all.map(() => ({ identity: null, expires_at: null })),
  };
  const deputies = new Delegations({ delegations: delegationStore, credentials, now, setBack });
  const decisions = new Decisions(
    approvals,
    judge,
    { add: (attempt) => void attempts.push(attempt) },
    deputies,
    setBack,
  );
  const tokens = new CommandTokens({ credentials, signingKey: () => ring.signingKey, now });
  const guards = new CommandGuards({ credentials, uses: new CommandUses({ database, now }), now });
  const commands = guards.with(createLocalJWKSet({ keys: [...ring.publicKeys] }), () => atMillis(0));
  const bus = { publish: async (messages: readonly Message[]) => void published.push(...messages.map(received)) };
  const refusals = new Refusals('approval-service', bus, now);
  const metrics = new ApprovalMetrics(new Metrics(), noTracing, store, now);
  const feed = new ApprovalFeed(store, new AbortController().signal);
  return {
    delegations: new DelegationsController(delegations, now),
    delegationStore,
    http: new ApprovalsController(approvals, decisions, feed, now),
    events: new ApprovalEventsController(
      approvals,
      granting,
      guard,
      { refused },
      { of: gate, previewOf: () => null },
      judge,
      decisions,
      commands,
      refusals,
      notifier,
      metrics,
      setBack,
      now,
    ),
    ring,
    /** The alarms that were raised. */
    refused,
    /** What was told of attempts that were refused. */
    attempts,
    approvals,
    store,
    grants,
    granting,
    grantStore,
    deliveryStore,
    decisions,
    tokens,
    refusals,
    judge,
    clock,
    verifier: await Verifier.fromKeyRing(ring),
    /** What was published, each event once. */
    published: () => [...new Map(published.map((event) => [event.id, event])).values()],
    /** The last event of this kind that was published. */
    last: <N extends EventName>(name: N) => published.findLast(({ type }) => type === name) as Event<N> | undefined,
    async close() {
      await pool.stop(0);
      close();
    },
  };
}
export type OpenedApprovals = Awaited<ReturnType<typeof openApprovals>>;

const received = (message: Message): Event => decode({ ...message, partition: 0, offset: '0', timestamp: 0 });
