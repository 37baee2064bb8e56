import type { Approval } from '@countersign/contracts';
import { WorkPool, type Collection } from '@countersign/persistence';
import { openAggregate, type Service, type ServiceContext } from '@countersign/service';
import { Module } from '@nestjs/common';
import { ApprovalEventsController } from './approval-events.controller.js';
import { decideApproval, type ApprovalMessage } from './approval.js';
import type { Terms } from './asked.js';
import { ApprovalsController } from './approvals.controller.js';
import type { ApprovalServiceConfig } from './config.js';
import { APPROVALS, TERMS } from './tokens.js';

const newest = '-created_at';
const approvalCollection: Collection<Approval> = {
  name: 'approvals',
  key: 'id',
  indexes: [
    ['due_at'],
    [newest],
    ['status', newest],
    ['status', 'user_id'],
    ['run_id', newest],
    ['agent_id', newest],
    ['user_id', newest],
    ['approval_type', newest],
    ['pause_type', newest],
  ],
};

/** Approvals whose time is up that are seen to at once. */
const expiring = 100;

@Module({})
class ApprovalServiceModule {}

/** The service that owns approvals. */
export const approvalService =
  ({ APPROVAL_EXPIRES_SECONDS }: ApprovalServiceConfig) =>
  (context: ServiceContext): Service => {
    const { log, now } = context;
    const { aggregate: approvals, relay } = openAggregate<Approval, ApprovalMessage>(context, {
      service: 'approval-service',
      collection: approvalCollection,
      decide: decideApproval,
    });
    const terms: Terms = { required_approvals: 1, expires_in: APPROVAL_EXPIRES_SECONDS ?? null };
    const pool = new WorkPool<Approval>({
      store: approvals.store,
      size: expiring,
      now,
      log,
      async attend(approval, place) {
        place.start(async () => void (await approvals.handle(approval.id, { type: 'due' }, { known: approval })));
      },
    });

    return {
      name: 'approval-service',
      module: {
        module: ApprovalServiceModule,
        controllers: [ApprovalsController, ApprovalEventsController],
        providers: [
          { provide: APPROVALS, useValue: approvals },
          { provide: TERMS, useValue: terms },
        ],
      },
      async start() {
        relay.start();
        pool.start();
      },
      async stop(grace) {
        await pool.stop(grace);
        await relay.stop();
      },
    };
  };
