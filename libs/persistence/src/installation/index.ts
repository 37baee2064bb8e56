export {
  type Installation,
  begin as beginInstallation,
  beginRecovery,
  endRecovery,
  installationsIn,
  seen as installationSeen,
} from './installation.js';
export { type Unsound, suspiciousFrom, unsoundness } from './soundness.js';
