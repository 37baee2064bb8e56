import { actOf, CurrentPrincipal, RequireScopes, type Principal } from '@countersign/auth';
import {
  LegalHold,
  LegalHoldPage,
  ListHoldsQuery,
  PlaceHoldRequest,
  ReleaseHoldRequest,
} from '@countersign/contracts/audit';
import { ProblemError } from '@countersign/contracts/problems';
import type { CommandHandler } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { HOLDS } from '../tokens.js';
import { EntryRetention } from './entry-retention.js';
import { shownHold, type HoldMessage, type StoredHold } from './hold.js';

/** Legal holds: what is not removed from the record, however old it is. */
@Controller('audit/holds')
export class HoldsController {
  constructor(
    @Inject(HOLDS) private readonly holds: CommandHandler<StoredHold, HoldMessage>,
    @Inject(EntryRetention) private readonly retention: EntryRetention,
  ) {}

  @Get()
  @RequireScopes('audit:read')
  @Returns(200, LegalHoldPage, 'Newest first, also those that were released.')
  async list(
    @Query({ schema: ListHoldsQuery }) { limit, page, ...filter }: z.infer<typeof ListHoldsQuery>,
  ): Promise<z.infer<typeof LegalHoldPage>> {
    const { data, meta } = await pageOf(this.holds.store, { filter, sort: [['created_at', 'desc']], limit, page });
    return { data: data.map(shownHold), meta };
  }

  @Post()
  @RequireScopes('audit:write')
  @HttpCode(201)
  @Returns(201, LegalHold, 'From now on nothing that it is on is removed.')
  async place(
    @Body({ schema: PlaceHoldRequest }) wanted: z.infer<typeof PlaceHoldRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<LegalHold> {
    const id = randomUUID();
    const hold = { id, ...wanted, by: who.subject };
    const { state } = await this.holds.execute(id, { type: 'placed', hold }, { act: actOf(who), creates: true });
    await this.retention.settled();
    return shownHold(state!);
  }

  @Post(':id/release')
  @RequireScopes('audit:write')
  @HttpCode(200)
  @Returns(200, LegalHold, 'What it was on goes when it is old, unless another hold is on it.')
  async release(
    @Param('id') id: string,
    @Body({ schema: ReleaseHoldRequest }) { reason }: z.infer<typeof ReleaseHoldRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<LegalHold> {
    const message = { type: 'released', reason, by: who.subject } as const;
    const { state } = await this.holds.execute(id, message, { act: actOf(who) });
    if (!state) throw new ProblemError('hold_not_found', `There is no legal hold "${id}".`);
    return shownHold(state);
  }
}
