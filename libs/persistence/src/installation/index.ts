export {
  type Installation,
  begin as beginInstallation,
  beginRecovery,
  endRecovery,
  expire as expireRecords,
  installationsIn,
  setBackOf,
  type SetBack,
  seen as installationSeen,
} from './installation.js';
export { type Unsound, suspiciousFrom, unsoundness } from './soundness.js';
