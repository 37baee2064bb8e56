export { type Block, type Language, type NumberedLine, numberedLines } from './block.js';
export { type PresentedArgument, type PresentedCall, presentCall, typedTarget } from './call.js';
export { argumentLines } from './call-text.js';
export { type DiffLine } from './diff.js';
export type { PresentableCall } from './presentable-call.js';
export { ArgumentFormat, EnvironmentColor, Presentation, Risk } from './presentation.js';
export { type PresentedEnvironment, environmentOf, isRiskier, mayBeApprovedTogether, riskOf, risks } from './risk.js';
export { type TitlePart, actionLine, actionOf, argumentsInTitle, hasOtherBraces, titleLine, titleOf } from './title.js';
