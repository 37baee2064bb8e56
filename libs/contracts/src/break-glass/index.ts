export { BreakGlass, BreakGlassReason, GlassReview, ReviewRequest, ReviewStatus } from './break-glass.js';
