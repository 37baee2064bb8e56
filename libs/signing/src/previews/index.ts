export { signPreview, signPreviewRequest } from '../signature/sign.js';
export { PreviewGuard } from './preview-guard.js';
