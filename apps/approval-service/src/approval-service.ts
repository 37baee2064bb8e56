import { apiKeys, CommandGuard, CommandGuards, CommandTokens, Credentials, RefusedAttempts } from '@countersign/auth';
import type { EventData } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { finishedRunStatuses } from '@countersign/contracts/runs';
import { toEpochMillis, type EpochMillis } from '@countersign/contracts/time';
import { readDeclaration, refuseLongActWithin, type Declaration } from '@countersign/definitions/versions';
import { retryUntilStored, WorkPool } from '@countersign/persistence';
import {
  openCommandHandler,
  openRelay,
  openAlarms,
  Refusals,
  type Service,
  type ServiceContext,
} from '@countersign/service';
import { configVersionCollection } from '@countersign/service/configuration';
import {
  DecisionGuard,
  openKeyRing,
  openRequestVerifier,
  openResultVerifier,
  RequestGuard,
  Verifier,
} from '@countersign/signing';
import { PreviewGuard } from '@countersign/signing/previews';
import { definitionsApart } from '@countersign/tool';
import { Module } from '@nestjs/common';
import { createLocalJWKSet } from 'jose';
import { ApiKeysController } from './http/api-keys.controller.js';
import { ApprovalEventsController } from './bus/approval-events.controller.js';
import { PreviewEventsController } from './bus/preview-events.controller.js';
import { ApprovalMetrics } from './lists/approval-metrics.js';
import { ApprovalFeed } from './lists/approval-feed.js';
import { approvalCollection } from './lists/approval-collection.js';
import { decideApproval } from './approval/approval.js';
import { ApprovalsController } from './http/approvals.controller.js';
import type { ApprovalServiceConfig } from './config.js';
import { Activation } from './configuration/activation.js';
import { decideConfigVersion } from './configuration/config-version.js';
import { ConfigurationController } from './configuration/configuration.controller.js';
import { pendingUnder } from './configuration/pending.js';
import { Decisions } from './decisions/decisions.js';
import { Delegations } from './delegations/delegations.js';
import { openDelegations } from './delegations/open-delegations.js';
import { forward, type Upstreams } from './http/forward.js';
import { openGrants } from './grants/open-grants.js';
import { serveInbox } from './http/inbox-files.js';
import { Gates } from './gates/gates.js';
import { PolicyEvaluator } from './policy/policy-evaluator.js';
import { KeyEvents } from './http/key-events.js';
import { KeysController } from './http/keys.controller.js';
import { withSecrets } from './notify/channel-secrets.js';
import { openNotifications } from './notify/notifications.js';
import { openOperations } from './operations.js';
import { decideRules, RulesArchive, rulesCollection } from './policy/rules-archive.js';
import { Rejudging } from './policy/rejudging.js';
import { Signer } from './decisions/signer.js';
import { ALARMS, APPROVALS, CLOCK, CONFIG_VERSIONS, REREAD_KEYS, SET_BACK } from './tokens.js';

/** Approvals whose time is up that are seen to at once. */
const atOnce = 100;

@Module({})
class ApprovalServiceModule {}

export interface ApprovalServiceOptions {
  /** What `{{env.NAME}}` stands for in the channels of the file. */
  environment?: Record<string, string | undefined>;
}

/** The service that owns approvals. @throws ConfigError */
export function approvalService(
  config: Omit<ApprovalServiceConfig, keyof Upstreams> & Upstreams,
  { environment = {} }: ApprovalServiceOptions = {},
): (context: ServiceContext) => Service {
  const declaration = readDeclaration(config.COUNTERSIGN_CONFIG);
  const { RECORD_DAYS: days } = config;
  refuseLongActWithin(declaration, days);
  const channelsOf = ({ definitions }: Declaration) =>
    definitions.channels.map((channel) => withSecrets(channel, environment));
  const channels = channelsOf(declaration);
  return (context) => {
    const { bus, configuration, log, metrics, now, stopping, tracing } = context;
    const { definitions } = declaration;
    const setBack = (began: EpochMillis) => context.setBack('approval-service', began);
    const embeddedIn = config.KAFKA_BROKERS ? undefined : config.DATA_DIR;
    const signer = new Signer(
      () => openKeyRing(config, embeddedIn),
      (tool_name) => gates.actWithin(tool_name),
    );
    const requests = new RequestGuard(config.APPROVAL_REQUESTS, () => openRequestVerifier(config, embeddedIn));
    const previews = new PreviewGuard(() => openResultVerifier(config, embeddedIn));
    const decisions = new DecisionGuard(() => Verifier.fromKeyRing(signer.ring), now);
    const { commandHandler: approvals, relay } = openCommandHandler(context, {
      service: 'approval-service',
      collection: approvalCollection,
      decide: decideApproval,
      beforeCommit: signer.sign,
      async onNeverPublished({ type, data }, { message: reason }) {
        if (type !== 'approval.resolved') return undefined;
        const { approval_id } = data as EventData<'approval.resolved'>;
        await approvals.execute(approval_id, { type: 'never_published', reason });
        return 'superseded';
      },
    });
    const { relay: keyRelay } = openRelay(context, apiKeys, { service: 'approval-service' });
    const { commandHandler: versions, relay: versionRelay } = openCommandHandler(context, {
      service: 'approval-service',
      collection: configVersionCollection,
      decide: decideConfigVersion,
    });
    const policy = new PolicyEvaluator(definitions, tracing, () => configuration.fresh());
    const gates: Gates = new Gates(definitions, async (modules) => {
      const functions = await definitionsApart(modules);
      refuseLongActWithin(declaration, days, functions);
      return functions;
    });
    const feed = new ApprovalFeed(approvals.store, stopping);
    const { commandHandler: rulesVersions, relay: rulesRelay } = openCommandHandler(context, {
      service: 'approval-service',
      collection: rulesCollection,
      decide: decideRules,
    });
    const kept = new RulesArchive(rulesVersions, log);
    const rejudging = new Rejudging(approvals, policy, kept, log);
    const due = new WorkPool<Approval>({
      store: approvals.store,
      size: atOnce,
      now,
      log,
      async onDue(approval, place) {
        place.start(async () => {
          await policy.fresh();
          const { state: known = approval } = await rejudging.rejudge(approval);
          const set_back = setBack(toEpochMillis(known.created_at));
          await approvals.execute(approval.id, { type: 'due', set_back }, { known });
        });
      },
    });
    const notifications = openNotifications(context, { channels, approvals: approvals.store });
    const parts = [
      notifications,
      openGrants(context, approvals.store),
      openDelegations(context),
      openOperations(context, { decisions, requests, gates }),
    ];
    configuration.follow({
      declaration,
      async prepare(next) {
        refuseLongActWithin(next, days);
        const nextChannels = channelsOf(next);
        await openPreviews(next);
        return () => {
          policy.use(next.definitions);
          gates.use(next.definitions);
          notifications.use(nextChannels);
          rejudging.start();
        };
      },
    });
    const activation = new Activation({
      versions,
      configuration,
      pendingUnder: (rules) => pendingUnder(rules, approvals.store, now),
      log,
    });
    /** Whoever has no previews needs no keys of executors. */
    const openPreviews = async ({ definitions: { tools } }: Pick<Declaration, 'definitions'>) => {
      if (tools.some(({ preview }) => preview)) await previews.open();
    };
    const openKeys = async () => {
      await signer.open();
      await Promise.all([requests.open(), decisions.open(), openPreviews(configuration.declaration)]);
    };

    return {
      name: 'approval-service',
      module: {
        module: ApprovalServiceModule,
        controllers: [
          ApprovalsController,
          KeysController,
          ApiKeysController,
          ApprovalEventsController,
          PreviewEventsController,
          ConfigurationController,
          ...parts.flatMap(({ controllers }) => controllers),
        ],
        providers: [
          { provide: RequestGuard, useValue: requests },
          { provide: PreviewGuard, useValue: previews },
          { provide: ALARMS, useValue: openAlarms(context) },
          { provide: APPROVALS, useValue: approvals },
          { provide: KeyEvents, useValue: new KeyEvents(keyRelay, now) },
          { provide: CLOCK, useValue: now },
          { provide: SET_BACK, useValue: setBack },
          { provide: ApprovalMetrics, useValue: new ApprovalMetrics(metrics, tracing, approvals.store, now) },
          { provide: ApprovalFeed, useValue: feed },
          { provide: Gates, useValue: gates },
          { provide: PolicyEvaluator, useValue: policy },
          { provide: Activation, useValue: activation },
          { provide: CONFIG_VERSIONS, useValue: versions.store },
          { provide: REREAD_KEYS, useValue: openKeys },
          {
            provide: Decisions,
            useFactory: (attempts: RefusedAttempts, deputies: Delegations) =>
              new Decisions(approvals, policy, attempts, deputies, setBack, gates.previewOf),
            inject: [RefusedAttempts, Delegations],
          },
          { provide: Signer, useValue: signer },
          {
            provide: CommandTokens,
            useFactory: (credentials: Credentials) =>
              new CommandTokens({ credentials, signingKey: () => signer.ring.signingKey, now }),
            inject: [Credentials],
          },
          {
            provide: CommandGuard,
            useFactory: (guards: CommandGuards) =>
              guards.with(
                (header, token) => createLocalJWKSet({ keys: [...signer.ring.publicKeys] })(header, token),
                () => context.recordsSince('approval-service'),
              ),
            inject: [CommandGuards],
          },
          { provide: Refusals, useValue: new Refusals('approval-service', bus, now) },
          ...parts.flatMap(({ providers }) => providers),
        ],
      },
      checks: [{ name: 'approval-stream', check: () => feed.check() }, ...parts.flatMap(({ checks = [] }) => checks)],
      retention: [
        ...parts.flatMap(({ retention }) => retention),
        ...context.expiring('approval-service', 'approvals', {
          store: approvals.store,
          key: 'id',
          over: (before) => ({
            status: { not: 'pending' },
            run_status: { in: finishedRunStatuses },
            review: { not: 'open' },
            updated_at: { lt: before },
          }),
          sort: [['updated_at', 'asc']],
        }),
      ],
      async edge(server) {
        await serveInbox(server);
        await forward(server, config, stopping);
      },
      async start() {
        requests.warn(log);
        await Promise.all([openKeys(), gates.open()]);
        feed.tail(bus);
        for (const part of parts) part.tail?.();
      },
      records: approvals.store,
      async begin() {
        relay.start();
        keyRelay.start();
        rulesRelay.start();
        versionRelay.start();
        await retryUntilStored(() => activation.atStart(), log);
        due.start();
        rejudging.start();
        for (const part of parts) part.begin();
      },
      reread: openKeys,
      async activate() {
        await activation.activate({ trigger: 'signal' });
      },
      async stop(graceMs) {
        await Promise.all([due.stop(graceMs), rejudging.stop(), ...parts.map((part) => part.stop(graceMs))]);
        await Promise.all([relay.stop(), keyRelay.stop(), rulesRelay.stop(), versionRelay.stop(), feed.stop()]);
      },
    };
  };
}
