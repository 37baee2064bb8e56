import { ApiKeys, ApiKeyView, Needs, NewApiKey, Who, type Principal } from '@countersign/auth';
import { ProblemError, Returns } from '@countersign/service';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { CommandTokens } from './command-tokens.js';

const CreatedKey = z.object({ key: z.string().meta({ description: 'Shown this once.' }), record: ApiKeyView });
const TokenRequest = z.object({
  expires_in: z.int().min(10).max(3_600).default(300).meta({ description: 'Seconds.' }),
  for: z.string().min(1).max(200).optional().meta({
    description: 'What alone it commands: the id of an approval or a run, the name of an agent or a tool.',
  }),
});
const Token = z.object({ token: z.string(), expires_in: z.int() });

@Controller('auth')
export class ApiKeysController {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(CommandTokens) private readonly tokens: CommandTokens,
  ) {}

  @Post('keys')
  @Needs('keys:write')
  @HttpCode(201)
  @Returns(201, CreatedKey, 'The key works from now on. It is shown this once.')
  create(@Body({ schema: NewApiKey }) wanted: z.infer<typeof NewApiKey>): Promise<z.infer<typeof CreatedKey>> {
    return this.keys.create(wanted);
  }

  @Get('keys')
  @Needs('keys:write')
  @Returns(200, z.array(ApiKeyView), 'Newest first, also those that no longer work.')
  list(): Promise<ApiKeyView[]> {
    return this.keys.list();
  }

  @Delete('keys/:id')
  @Needs('keys:write')
  @HttpCode(204)
  @Returns(204, undefined, 'The key does not work any more, here at once and elsewhere within five seconds.')
  async revoke(@Param('id') id: string): Promise<void> {
    if (!(await this.keys.revoke(id)))
      throw new ProblemError(404, `There is no key "${id}". GET /auth/keys lists them.`);
  }

  @Post('tokens')
  @Needs()
  @HttpCode(201)
  @Returns(201, Token, 'A token with which a command over the bus says who sends it.')
  async token(
    @Body({ schema: TokenRequest }) wanted: z.infer<typeof TokenRequest>,
    @Who() who: Principal,
  ): Promise<z.infer<typeof Token>> {
    return { token: await this.tokens.issue(who, wanted), expires_in: wanted.expires_in };
  }
}
