import type {
  BacktestReport,
  ConfigVersion,
  ConfigVersionView,
  ReloadedConfig,
} from '@countersign/contracts/configuration';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';

/** Versions of the file that declares agents, tools and rules. */
export class Config {
  constructor(private readonly transport: Transport) {}

  /** Puts the file of the server in force, for all instances of all services; `dry_run` says what would come of it. */
  reload(
    { dry_run = false, digest }: { dry_run?: boolean; digest?: string | undefined } = {},
    signal?: AbortSignal,
  ): Promise<ReloadedConfig> {
    return this.transport.ask('ReloadedConfig', 'POST', '/config/reload', { body: { dry_run, digest }, signal });
  }

  /** What the rules of a whole file would have made of the calls of the last days. Nothing is decided by it. */
  backtest(tried: { text: string; days?: number }, signal?: AbortSignal): Promise<BacktestReport> {
    return this.transport.ask('BacktestReport', 'POST', '/config/backtest', { body: tried, signal });
  }

  /** What the rules on trial (`shadow`) would have made of the calls of the last days, as it was recorded with each. */
  shadow({ days = 30 }: { days?: number } = {}, signal?: AbortSignal): Promise<BacktestReport> {
    return this.transport.ask('BacktestReport', 'GET', '/config/shadow', { query: { days }, signal });
  }

  /** The latest, the one in force first. */
  versions(signal?: AbortSignal): Promise<ConfigVersionView[]> {
    return this.transport.ask('ConfigVersions', 'GET', '/config/versions', { signal });
  }

  /** With its text. */
  version(number: number, signal?: AbortSignal): Promise<ConfigVersion> {
    return this.transport.ask('ConfigVersion', 'GET', pathOf`/config/versions/${String(number)}`, { signal });
  }
}
