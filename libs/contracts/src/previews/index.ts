export {
  longestPreview,
  Preview,
  previewDigest,
  PreviewOutcome,
  previewedCall,
  previewOf,
  PreviewRequest,
  PreviewRound,
} from './preview.js';
