import {
  actOf,
  ApiKeys,
  CommandName,
  CommandTokens,
  Recorded,
  RequireScopes,
  NewApiKey,
  CurrentPrincipal,
  type Principal,
} from '@countersign/auth';
import { ApiKeyView, CommandToken, CreatedApiKey } from '@countersign/contracts/auth';
import { ProblemError, TerminalError } from '@countersign/contracts/problems';
import { Returns } from '@countersign/service';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { KeyEvents } from './key-events.js';

const TokenRequest = z.object({
  expires_in: z
    .int()
    .min(1)
    .max(3_600)
    .default(300)
    .meta({ description: 'Seconds; less when the key or login ends before.' }),
  command: z
    .object({ type: CommandName, data: z.record(z.string(), z.unknown()) })
    .meta({ description: 'What alone it commands, once: the event as it will be sent, without the token.' }),
});

@Controller('auth')
export class ApiKeysController {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(CommandTokens) private readonly tokens: CommandTokens,
    @Inject(KeyEvents) private readonly events: KeyEvents,
  ) {}

  @Post('keys')
  @RequireScopes('keys:write')
  @HttpCode(201)
  @Returns(201, CreatedApiKey, 'The key works from now on. It is shown this once.')
  create(
    @Body({ schema: NewApiKey }) wanted: z.infer<typeof NewApiKey>,
    @CurrentPrincipal() who: Principal,
  ): Promise<CreatedApiKey> {
    return this.keys.create(wanted, this.events.created(actOf(who)));
  }

  @Get('keys')
  @RequireScopes('keys:write')
  @Returns(200, z.array(ApiKeyView), 'Newest first, also those that no longer work.')
  list(): Promise<ApiKeyView[]> {
    return this.keys.list();
  }

  @Delete('keys/:id')
  @RequireScopes('keys:write')
  @HttpCode(204)
  @Returns(204, undefined, 'The key does not work any more, here at once and elsewhere within a second.')
  async revoke(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<void> {
    if (!(await this.keys.revoke(id, this.events.revoked(actOf(who)))))
      throw new ProblemError('key_not_found', `There is no key "${id}".`);
  }

  @Post('tokens')
  @Recorded()
  @RequireScopes()
  @HttpCode(201)
  @Returns(201, CommandToken, 'A token with which a command over the bus says who sends it.')
  async token(
    @Body({ schema: TokenRequest }) wanted: z.infer<typeof TokenRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<CommandToken> {
    try {
      return await this.tokens.issue(who, wanted);
    } catch (error) {
      if (error instanceof TerminalError) throw new ProblemError('command_invalid', error.message);
      throw error;
    }
  }
}
