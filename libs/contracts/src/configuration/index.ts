export {
  ConfigChange,
  ConfigVersion,
  ConfigVersionView,
  ReloadConfigRequest,
  ReloadedConfig,
  mostConfigChanges,
} from './config-version.js';
