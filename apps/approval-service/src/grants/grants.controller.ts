import { actOf, RequireScopes, CurrentPrincipal, type Principal } from '@countersign/auth';
import { Grant, GrantPage, ListGrantsQuery } from '@countersign/contracts/approvals';
import { ProblemError } from '@countersign/contracts/problems';
import type { CommandHandler } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Controller, Delete, Get, Inject, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { shown, type GrantMessage, type StoredGrant } from './grant.js';
import { GRANTS } from '../tokens.js';

/** Standing grants: calls that are approved without asking, until a deadline. */
@Controller('grants')
export class GrantsController {
  constructor(@Inject(GRANTS) private readonly grants: CommandHandler<StoredGrant, GrantMessage>) {}

  @Get()
  @RequireScopes('events:read')
  @Returns(200, GrantPage, 'Newest first, also those that hold no longer.')
  async list(
    @Query({ schema: ListGrantsQuery }) { limit, page, ...filter }: z.infer<typeof ListGrantsQuery>,
  ): Promise<z.infer<typeof GrantPage>> {
    const { data, meta } = await pageOf(this.grants.store, { filter, sort: [['created_at', 'desc']], limit, page });
    return { data: data.map(shown), meta };
  }

  @Get(':id')
  @RequireScopes('events:read')
  @Returns(200, Grant, 'The grant.')
  async get(@Param('id') id: string): Promise<Grant> {
    const grant = await this.grants.store.get(id);
    if (!grant) throw noSuchGrant(id);
    return shown(grant);
  }

  @Delete(':id')
  @RequireScopes('approvals:write')
  @Returns(200, Grant, 'It holds no longer. What it let through before stays as it is.')
  async revoke(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<Grant> {
    const { state } = await this.grants.execute(id, { type: 'revoked', by: who.subject }, { act: actOf(who) });
    if (!state) throw noSuchGrant(id);
    return shown(state);
  }
}

const noSuchGrant = (id: string) => new ProblemError('grant_not_found', `There is no grant "${id}".`);
