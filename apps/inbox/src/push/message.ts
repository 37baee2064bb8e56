/** What the server sends to a browser; see `apps/approval-service/src/notify/web-push/sender.ts`. */
export interface PushMessage {
  title: string;
  body: string;
  tag: string;
  /** null: of no one in particular. */
  approval_id: string | null;
}
