import { actOf, RequireScopes, CurrentPrincipal, type Principal } from '@countersign/auth';
import {
  DeadLetter,
  DeadLetterPage,
  ListDeadLettersQuery,
  DeadLetterNoteRequest,
} from '@countersign/contracts/event-log';
import { ProblemError } from '@countersign/contracts/problems';
import type { CommandResult } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import type { DeadLetterRecord, DeadLetterRejection } from './dead-letter.js';
import { DeadLetters, shown, summaryOf } from './dead-letters.js';

type DeadLetterNote = z.infer<typeof DeadLetterNoteRequest>;

/** Messages that no service could handle. */
@Controller('dead-letters')
export class DeadLettersController {
  constructor(@Inject(DeadLetters) private readonly letters: DeadLetters) {}

  @Get()
  @RequireScopes('events:read')
  @Returns(200, DeadLetterPage, 'Newest first, without what is in them.')
  async list(
    @Query({ schema: ListDeadLettersQuery }) { limit, page, ...filter }: z.infer<typeof ListDeadLettersQuery>,
  ): Promise<z.infer<typeof DeadLetterPage>> {
    const found = await pageOf(this.letters.store, { filter, sort: [['created_at', 'desc']], limit, page });
    return { ...found, data: found.data.map(summaryOf) };
  }

  @Get(':id')
  @RequireScopes('events:write')
  @Returns(200, DeadLetter, 'The message with its bytes, not redacted.')
  async get(@Param('id') id: string): Promise<DeadLetter> {
    const letter = await this.letters.store.get(id);
    if (!letter) throw noSuchLetter(id);
    return shown(letter);
  }

  @Post(':id/replay')
  @RequireScopes('events:write')
  @HttpCode(200)
  @Returns(
    200,
    DeadLetter,
    'Redelivers the message unchanged; if it fails again, that is a new dead letter. One that cannot be verified is refused (422).',
  )
  async replay(
    @Param('id') id: string,
    @Body({ schema: DeadLetterNoteRequest }) { note }: DeadLetterNote,
    @CurrentPrincipal() who: Principal,
  ): Promise<DeadLetter> {
    return answer(id, await this.letters.replay(id, who.subject, note ?? null, actOf(who)));
  }

  @Post(':id/discard')
  @RequireScopes('events:write')
  @HttpCode(200)
  @Returns(200, DeadLetter, 'It is settled, and stays listed for as long as RETENTION_DAYS say.')
  async discard(
    @Param('id') id: string,
    @Body({ schema: DeadLetterNoteRequest }) { note }: DeadLetterNote,
    @CurrentPrincipal() who: Principal,
  ): Promise<DeadLetter> {
    return answer(id, await this.letters.discard(id, who.subject, note ?? null, actOf(who)));
  }
}

/** @throws ProblemError when there is none, it was replayed or discarded, or it cannot be published. */
function answer(id: string, handled: CommandResult<DeadLetterRecord, DeadLetterRejection>): DeadLetter {
  if (!handled.state) throw noSuchLetter(id);
  if (handled.kind === 'rejected') throw new ProblemError(handled.code, `${handled.reason.replace(/\.$/, '')}.`);
  return shown(handled.state);
}

const noSuchLetter = (id: string) => new ProblemError('dead_letter_not_found', `There is no dead letter "${id}".`);
