import { Recorded, RequireScopes } from '@countersign/auth';
import { Backup } from '@countersign/contracts/backups';
import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Returns } from '../http/openapi.js';
import { Backups } from './backups.js';

/** Where log and store are embedded. */
@Controller('backups')
export class BackupsController {
  constructor(@Inject(Backups) private readonly backups: Backups) {}

  @Post()
  @RequireScopes('backups:write')
  @Recorded()
  @HttpCode(201)
  @Returns(201, Backup, 'The embedded data was copied on the machine of the server, keys included.')
  create(): Promise<Backup> {
    return this.backups.create();
  }
}
