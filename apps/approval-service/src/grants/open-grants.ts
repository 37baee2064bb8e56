import { openCommandHandler, type ServiceContext } from '@countersign/service';
import type { Approval } from '@countersign/contracts/approvals';
import type { Collection, Store } from '@countersign/persistence';
import type { Feature } from '../feature.js';
import { GRANTS } from '../tokens.js';
import { decideGrant, type StoredGrant } from './grant.js';
import { GrantsController } from './grants.controller.js';
import { Grants } from './grants.js';

const newest = '-created_at';
const grantCollection: Collection<StoredGrant> = {
  name: 'grants',
  key: 'id',
  indexes: [[newest], ['agent_id', 'tool_name', '-expires_at'], ['tool_name', newest]],
};

/** Approvals of calls like the one that somebody approved, until a time. */
export function openGrants(context: ServiceContext, approvals: Store<Approval>): Feature {
  const { configuration, now } = context;
  const { commandHandler: grants, relay } = openCommandHandler(context, {
    service: 'approval-service',
    collection: grantCollection,
    decide: decideGrant,
  });
  const setBack: ConstructorParameters<typeof Grants>[0]['setBack'] = (began) =>
    context.setBack('approval-service', began);
  const definitions = () => configuration.declaration.definitions;
  return {
    controllers: [GrantsController],
    providers: [
      { provide: GRANTS, useValue: grants },
      { provide: Grants, useValue: new Grants({ grants, approvals, definitions, now, setBack }) },
    ],
    retention: [],
    begin: () => relay.start(),
    stop: () => relay.stop(),
  };
}
