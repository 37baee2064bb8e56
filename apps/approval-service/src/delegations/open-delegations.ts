import { Credentials } from '@countersign/auth';
import { openCommandHandler, type ServiceContext } from '@countersign/service';
import type { Feature } from '../feature.js';
import { DELEGATIONS } from '../tokens.js';
import { decideDelegation } from './delegation.js';
import { DelegationsController } from './delegations.controller.js';
import { delegationCollection, Delegations } from './delegations.js';

/** Who decides in whose place. */
export function openDelegations(context: ServiceContext): Feature {
  const { now } = context;
  const { commandHandler: delegations, relay } = openCommandHandler(context, {
    service: 'approval-service',
    collection: delegationCollection,
    decide: decideDelegation,
  });
  const setBack: ConstructorParameters<typeof Delegations>[0]['setBack'] = (created) =>
    context.setBack('approval-service', created);
  return {
    controllers: [DelegationsController],
    providers: [
      { provide: DELEGATIONS, useValue: delegations },
      {
        provide: Delegations,
        useFactory: (credentials: Credentials) =>
          new Delegations({ delegations: delegations.store, credentials, now, setBack }),
        inject: [Credentials],
      },
    ],
    retention: [],
    begin: () => relay.start(),
    stop: () => relay.stop(),
  };
}
