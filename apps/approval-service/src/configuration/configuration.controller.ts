import { CurrentPrincipal, RequireScopes, type Principal } from '@countersign/auth';
import {
  BacktestReport,
  BacktestRequest,
  ConfigVersion,
  ConfigVersionView,
  ReloadConfigRequest,
  ReloadedConfig,
  ShadowQuery,
} from '@countersign/contracts/configuration';
import type { Approval } from '@countersign/contracts/approvals';
import type { Clock } from '@countersign/contracts/time';
import { ConfigError, ProblemError } from '@countersign/contracts/problems';
import { UnsetVariable } from '@countersign/definitions';
import { RestartNeeded } from '@countersign/definitions/versions';
import type { Store } from '@countersign/persistence';
import { Returns } from '@countersign/service';
import { configVersionId, type StoredConfigVersion } from '@countersign/service/configuration';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { APPROVALS, CLOCK, CONFIG_VERSIONS, REREAD_KEYS } from '../tokens.js';
import { backtestOf, shadowOf } from './backtest.js';
import { Activation, ConfigConflict, FileChanged } from './activation.js';

const most = 100;

/** The versions of `countersign.yaml` that were in force, and what puts another in force. */
@Controller('config')
export class ConfigurationController {
  constructor(
    @Inject(Activation) private readonly activation: Activation,
    @Inject(CONFIG_VERSIONS) private readonly versions: Store<StoredConfigVersion>,
    @Inject(REREAD_KEYS) private readonly rereadKeys: () => Promise<void>,
    @Inject(APPROVALS) private readonly approvals: { store: Store<Approval> },
    @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Post('reload')
  @RequireScopes('config:write')
  @HttpCode(200)
  @Returns(
    200,
    ReloadedConfig,
    'The file of this instance is in force for all instances of all services, or would be. Refused as a whole: it is invalid, or needs a restart (422); it is another than the one whose `digest` is given, or another was put in force meanwhile (409).',
  )
  async reload(
    @Body({ schema: ReloadConfigRequest }) { dry_run, digest }: z.infer<typeof ReloadConfigRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<ReloadedConfig> {
    try {
      if (dry_run) return await this.activation.dryRun(digest);
      await this.rereadKeys();
      return await this.activation.activate({ trigger: 'request', who }, digest);
    } catch (error) {
      if (error instanceof RestartNeeded || error instanceof UnsetVariable)
        throw new ProblemError('config_needs_restart', error.message);
      if (error instanceof ConfigError) throw new ProblemError('config_invalid', error.message);
      if (error instanceof ConfigConflict)
        throw new ProblemError('config_conflict', `${error.message}. Look at it, and ask again.`);
      if (error instanceof FileChanged)
        throw new ProblemError('config_file_changed', `${error.message}. Look at it, and ask again.`);
      throw error;
    }
  }

  @Post('backtest')
  @RequireScopes('config:write')
  @HttpCode(200)
  @Returns(200, BacktestReport, 'What the rules of this text would have made of the calls of the last days.')
  async backtest(@Body({ schema: BacktestRequest }) tried: z.infer<typeof BacktestRequest>): Promise<BacktestReport> {
    try {
      return await backtestOf(tried, this.approvals.store, this.now());
    } catch (error) {
      if (error instanceof ConfigError) throw new ProblemError('config_invalid', error.message);
      throw error;
    }
  }

  @Get('shadow')
  @RequireScopes('config:write')
  @Returns(200, BacktestReport, 'What the rules on trial would have made of the calls of the last days, by the record.')
  shadow(@Query({ schema: ShadowQuery }) { days }: z.infer<typeof ShadowQuery>): Promise<BacktestReport> {
    return shadowOf(days, this.approvals.store, this.now());
  }

  @Get('versions')
  @RequireScopes('audit:read')
  @Returns(200, z.array(ConfigVersionView), 'The latest 100, the one in force first.')
  async list(): Promise<ConfigVersionView[]> {
    const found = await this.versions.find({ filter: {}, sort: [['number', 'desc']], limit: most });
    return found.map(viewOf);
  }

  @Get('versions/:number')
  @RequireScopes('config:write')
  @Returns(200, ConfigVersion, 'The version, with its text.')
  async get(@Param('number') number: string): Promise<ConfigVersion> {
    const found = /^[1-9]\d{0,8}$/.test(number) ? await this.versions.get(configVersionId(Number(number))) : undefined;
    if (!found)
      throw new ProblemError('config_version_not_found', `There is no version ${number} of the configuration.`);
    return ConfigVersion.parse(found);
  }
}

/** The text may say what not everybody is to read. */
const viewOf = (version: StoredConfigVersion): ConfigVersionView => ConfigVersionView.parse(version);
