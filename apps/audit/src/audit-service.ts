import { millisOf, type Millis } from '@countersign/contracts/time';
import { toolDefinitionOf, type Definitions, type ToolDefinition } from '@countersign/definitions';
import { readDeclaration } from '@countersign/definitions/versions';
import { hiddenArguments } from '@countersign/definitions/masking';
import { messageOf } from '@countersign/messaging';
import type { StoredRecord } from '@countersign/persistence';
import { openCommandHandler, type Service, type ServiceContext } from '@countersign/service';
import { openRequestVerifier, openResultVerifier, openVerifier, OwnKeys, type Verifier } from '@countersign/signing';
import { openAuditKeyRing } from '@countersign/signing/checkpoints';
import { definitionsApart } from '@countersign/tool';
import { Module } from '@nestjs/common';
import { Anchors, fileAnchor, webhookAnchor } from './checkpoints/anchors.js';
import { checkpointCollection, decideCheckpoint } from './checkpoints/checkpoint.js';
import { checkpointRetention } from './checkpoints/checkpoint-retention.js';
import { Checkpoints } from './checkpoints/checkpoints.js';
import type { AuditConfig } from './config.js';
import { Evidence } from './evidence/evidence.js';
import { schemaCollection, Schemas } from './evidence/schemas.js';
import { keyCollection, ServiceKeys, type KeyKind } from './evidence/service-keys.js';
import { AuditController } from './http/audit.controller.js';
import { positionCollection, Publisher } from './publish/publisher.js';
import { entryLog } from './record/entry.js';
import { Gaps } from './record/gaps.js';
import { recordableOf, unreadable } from './record/intake.js';
import { Lease, leaseCollection } from './record/lease.js';
import { Numbers } from './record/numbers.js';
import { Recorder } from './record/recorder.js';
import { EntryRetention } from './retention/entry-retention.js';
import { decideHold, holdCollection } from './retention/hold.js';
import { HoldsController } from './retention/holds.controller.js';
import { ENTRIES, HOLDS, UNREADABLE } from './tokens.js';

const dayMs: Millis = 86_400_000;
const lookEveryMs: Millis = 15_000;

@Module({})
class AuditModule {}

/** The service that owns the record. @throws ConfigError */
export function auditService(config: AuditConfig): (context: ServiceContext) => Service {
  const declaration = readDeclaration(config.COUNTERSIGN_CONFIG);
  return (context) => {
    const { definitions } = declaration;
    const { bus, configuration, database, exclusive, log: logger, metrics, now } = context;
    const embeddedIn = config.KAFKA_BROKERS ? undefined : config.DATA_DIR;
    const keys = new OwnKeys(() => openAuditKeyRing(config, embeddedIn));
    const log = database.appendLog(entryLog);
    const { commandHandler: records, relay } = openCommandHandler(context, {
      service: 'audit',
      collection: checkpointCollection,
      decide: decideCheckpoint,
    });
    const { store: leases } = database.collection(leaseCollection);
    const ttlMs = millisOf(config.LEASE_SECONDS);
    const lease = (name: string) => new Lease({ store: leases, name, ttlMs, now, exclusive });
    const checkpoints = new Checkpoints({ log, records, keys, origin: config.AUDIT_LOG_NAME });
    const anchored = metrics.counter({
      name: 'countersign_audit_checkpoints_anchored_total',
      help: 'Attempts to keep a checkpoint elsewhere, by where and outcome.',
      labels: ['anchor', 'outcome'],
    });
    const anchors = new Anchors({
      anchors: [
        ...(config.AUDIT_CHECKPOINT_FILE === undefined ? [] : [fileAnchor(config.AUDIT_CHECKPOINT_FILE)]),
        ...(config.AUDIT_CHECKPOINT_WEBHOOK === undefined ? [] : [webhookAnchor(config.AUDIT_CHECKPOINT_WEBHOOK)]),
      ],
      latest: () => checkpoints.latest(),
      logger,
      onTried: (anchor, outcome) => anchored.add({ anchor, outcome }),
    });
    const publisher = new Publisher({
      log,
      positions: database.collection(positionCollection).store,
      lease: lease('publisher'),
      checkpoints,
      // They are made here of what was checked when it came, and no service reads them.
      publish: (events) => bus.publish(events.map(messageOf)),
      now,
      logger,
      checkpointEvery: config.AUDIT_CHECKPOINT_SECONDS,
      onCheckpoint: anchors.look,
    });
    const { commandHandler: holds, relay: holdRelay } = openCommandHandler(context, {
      service: 'audit',
      collection: holdCollection,
      decide: decideHold,
    });
    const days = config.AUDIT_RETENTION_DAYS;
    const retention = new EntryRetention({
      log,
      positions: database.collection(positionCollection).store,
      holds: holds.store,
      lease: lease('retention'),
      published: () => publisher.published(),
      now,
      ttlMs: days === undefined ? undefined : days * dayMs,
    });
    const noticed = metrics.counter({
      name: 'countersign_audit_noticed_total',
      help: 'Events that came again, contradict one on record, came late, have a number that another one has or none, or are missing.',
      labels: ['what'],
    });
    const gaps = new Gaps({
      log,
      now,
      onMissing(id) {
        noticed.add({ what: 'missing' }, 1);
        logger.warn({ event: id }, 'an event that others name did not arrive');
      },
    });
    const numbers = new Numbers({
      log,
      now,
      onFound(what, id) {
        noticed.add({ what }, 1);
        logger.warn({ event: id, what }, 'events of a record are not numbered as they should be');
      },
      onUnnumbered: (count) => noticed.add({ what: 'unnumbered' }, count),
    });
    let looking: NodeJS.Timeout | undefined;
    const recorder = new Recorder({
      log,
      lease: lease('writer'),
      now,
      onGrown: publisher.grown,
      onRecorded(events) {
        gaps.recorded(events);
        numbers.recorded(events);
      },
      onNoticed: (what, count) => noticed.add({ what }, count),
    });
    const seen = metrics.counter({
      name: 'countersign_audit_messages_total',
      help: 'Messages that were put on record, by whether they could be read.',
      labels: ['readable'],
    });
    let tools: ReadonlyMap<string, ToolDefinition> = new Map();
    let servers = definitions.mcp_servers;
    let functions: readonly ToolDefinition[] = [];
    const toolsOf = (declared: Definitions['tools']) =>
      new Map([...functions, ...declared.map(toolDefinitionOf)].map((tool) => [tool.name, tool]));
    configuration.follow({
      declaration,
      async prepare(next) {
        return () => {
          tools = toolsOf(next.definitions.tools);
          servers = next.definitions.mcp_servers;
        };
      },
    });
    let unread = 0;
    let verifiers: Record<KeyKind, Verifier>;
    const serviceKeys = new ServiceKeys({
      store: database.collection(keyCollection).store,
      length: () => log.length(),
      log: logger,
      now,
      verifiers: {
        decisions: () => verifiers.decisions,
        requests: () => verifiers.requests,
        results: () => verifiers.results,
      },
    });
    const schemas = new Schemas(database.collection(schemaCollection).store, now);
    const evidence = new Evidence({ log, checkpoints, keys: serviceKeys, schemas });
    const hidden = hiddenArguments(
      () => tools,
      () => servers,
    );

    const openKeys = async () => {
      await keys.open();
      const [decisions, requests, results] = await Promise.all([
        openVerifier(config, embeddedIn),
        openRequestVerifier(config, embeddedIn),
        openResultVerifier(config, embeddedIn),
      ]);
      verifiers = { decisions, requests, results };
    };
    return {
      name: 'audit',
      module: {
        module: AuditModule,
        controllers: [AuditController, HoldsController],
        providers: [
          { provide: Checkpoints, useValue: checkpoints },
          { provide: ENTRIES, useValue: log },
          { provide: EntryRetention, useValue: retention },
          { provide: HOLDS, useValue: holds },
          { provide: Evidence, useValue: evidence },
          { provide: Gaps, useValue: gaps },
          { provide: Numbers, useValue: numbers },
          { provide: Publisher, useValue: publisher },
          { provide: Recorder, useValue: recorder },
          { provide: UNREADABLE, useValue: () => unread },
        ],
      },
      async handle(delivery) {
        await configuration.fresh();
        const event = recordableOf(delivery, hidden);
        await serviceKeys.look(event);
        await recorder.record({ ...event, schema: await schemas.versionOf(event.type) });
        const isRead = event.type !== unreadable;
        if (!isRead) unread += 1;
        seen.add({ readable: String(isRead) });
      },
      checks: [
        {
          name: 'audit-record',
          degrades: true as const,
          async check() {
            if (!(await checkpoints.isWhole())) throw new Error('the record is not what its last checkpoint says');
          },
        },
      ],
      retention: [...retention.policies, checkpointRetention(records.store)],
      records: {
        find: ({ limit }) => log.find({ filter: {}, sort: [], limit }) as Promise<unknown> as Promise<StoredRecord[]>,
      },
      async start() {
        await openKeys();
        functions = await definitionsApart(definitions.tool_modules);
        tools = toolsOf(definitions.tools);
      },
      reread: openKeys,
      async begin() {
        await serviceKeys.open();
        relay.start();
        holdRelay.start();
        publisher.start();
        looking = setInterval(() => {
          Promise.all([gaps.look(), numbers.look()]).catch((err: unknown) =>
            logger.warn({ err }, 'cannot look for events that are missing'),
          );
        }, lookEveryMs);
        looking.unref();
      },
      async stop() {
        clearInterval(looking);
        await recorder.idle();
        publisher.drain();
        await publisher.stop();
        await anchors.idle();
        await relay.stop();
        await holdRelay.stop();
      },
    };
  };
}
