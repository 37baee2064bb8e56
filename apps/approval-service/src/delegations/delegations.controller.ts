import { actOf, CurrentPrincipal, RequireScopes, type Principal } from '@countersign/auth';
import { DelegateRequest, Delegation, DelegationPage, ListDelegationsQuery } from '@countersign/contracts/delegations';
import { ProblemError } from '@countersign/contracts/problems';
import { toEpochSeconds, type Clock } from '@countersign/contracts/time';
import type { CommandHandler } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { CLOCK, DELEGATIONS } from '../tokens.js';
import { shown, type DelegationMessage, type DelegationRejection, type StoredDelegation } from './delegation.js';

/** Whose time is not over, of one person. */
const mostNamed = 100;

/** Who decides in whose place, and until when. */
@Controller('delegations')
export class DelegationsController {
  constructor(
    @Inject(DELEGATIONS)
    private readonly delegations: CommandHandler<StoredDelegation, DelegationMessage, DelegationRejection>,
    @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Get()
  @RequireScopes('approvals:read')
  @Returns(200, DelegationPage, 'Newest first, also those that are over.')
  async list(
    @Query({ schema: ListDelegationsQuery })
    { limit, page, ...wanted }: z.infer<typeof ListDelegationsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof DelegationPage>> {
    const isTheirs = [wanted.delegator, wanted.deputy].includes(who.subject);
    const filter = who.roles.includes('admin') || isTheirs ? wanted : { ...wanted, delegator: who.subject };
    const { data, meta } = await pageOf(this.delegations.store, {
      filter,
      sort: [['created_at', 'desc']],
      limit,
      page,
    });
    return { data: data.map(shown), meta };
  }

  @Post()
  @RequireScopes('approvals:write')
  @HttpCode(201)
  @Returns(201, Delegation, 'The deputy decides in place of whoever sends this, where the rules let them.')
  async delegate(
    @Body({ schema: DelegateRequest }) body: z.infer<typeof DelegateRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Delegation> {
    const { deputy, ends_at, begins_at = null, approval_id = null, reason = null } = body;
    const { via, id: credential, key_id } = who.credential;
    await this.#mayNameMore(who);
    const id = randomUUID();
    const given = { id, delegator: who.subject, deputy, ends_at, begins_at, approval_id, reason };
    const delegation = { ...given, key_id: via === 'key' ? credential : key_id };
    return this.#stored(id, { type: 'created', delegation }, who);
  }

  /** @throws ProblemError for somebody who has named as many as anybody needs: all of them are looked through. */
  async #mayNameMore({ subject: delegator }: Principal): Promise<void> {
    const filter = { delegator, ends_at: { gt: toEpochSeconds(this.now()) } };
    if ((await this.delegations.store.count(filter)) >= mostNamed)
      throw new ProblemError('delegation_not_valid', `You have named ${mostNamed} deputies whose time is not over.`);
  }

  @Delete(':id')
  @RequireScopes('approvals:write')
  @Returns(200, Delegation, 'It holds no longer. What was decided before stays as it is.')
  revoke(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<Delegation> {
    const isAdministrator = who.roles.includes('admin');
    return this.#stored(id, { type: 'revoked', by: who.subject, isAdministrator }, who);
  }

  async #stored(id: string, message: DelegationMessage, who: Principal): Promise<Delegation> {
    const handled = await this.delegations.execute(id, message, { act: actOf(who) });
    if (handled.kind === 'rejected') throw new ProblemError(handled.code, handled.reason, { id });
    return shown(handled.state!);
  }
}
