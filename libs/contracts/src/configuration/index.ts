export { BacktestReport, BacktestRequest, type TriedRuling, mostOtherwise, ShadowQuery } from './backtest.js';
export {
  ConfigChange,
  ConfigVersion,
  ConfigVersionView,
  ReloadConfigRequest,
  ReloadedConfig,
  mostConfigChanges,
} from './config-version.js';
