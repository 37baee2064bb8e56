/** What an agent asks for in one turn. */
export interface Asking {
  agent: string;
  /** For whom. */
  user_id: string;
  reason: string;
  calls: { tool_name: string; tool_args: Record<string, unknown> }[];
}

const script = `#!/usr/bin/env bash
set -euo pipefail

# Moves the write-ahead log of the replica to the new volume.
SERVICE=postgresql@16-main
NEW=/mnt/wal-2/pg_wal
OLD="/var/lib/postgresql/16/main/pg_wal"

if [[ ! -d "$NEW" ]]; then
\tinstall -d -o postgres -g postgres -m 700 "$NEW"
fi

systemctl stop "$SERVICE"
rsync --archive --delete --human-readable --info=progress2 --exclude='archive_status/*.done' --bwlimit=200m "$OLD/" "$NEW/"
mv "$OLD" "$OLD.before-move"
ln --symbolic "$NEW" "$OLD"
systemctl start "$SERVICE"

for attempt in {1..30}; do
\tif sudo -u postgres psql -Atc 'select pg_is_in_recovery()' | grep -qx t; then
\t\techo "replica is back after $attempt s"
\t\texit 0
\tfi
\tsleep 1
done
echo 'the replica did not come back' >&2
exit 1
`;

const patch = `diff --git a/src/checkout/retry.ts b/src/checkout/retry.ts
--- a/src/checkout/retry.ts
+++ b/src/checkout/retry.ts
@@ -12,9 +12,10 @@ export async function charge(order: Order, card: Card): Promise<Receipt> {
   const key = order.id;
   for (let attempt = 1; ; attempt++) {
     try {
-      return await gateway.charge({ amount: order.total, card });
+      return await gateway.charge({ amount: order.total, card, idempotencyKey: key });
     } catch (error) {
-      if (attempt === 3) throw error;
+      if (attempt === 3 || !isRetryable(error)) throw error;
+      await delay(backoff(attempt));
     }
   }
 }
diff --git a/src/checkout/errors.ts b/src/checkout/errors.ts
--- a/src/checkout/errors.ts
+++ b/src/checkout/errors.ts
@@ -3,3 +3,7 @@
 export class Declined extends Error {}
 
 export class GatewayDown extends Error {}
+
+export function isRetryable(error: unknown): boolean {
+  return error instanceof GatewayDown;
+}
`;

const statement = `update subscriptions
   set status = 'cancelled',
       cancelled_at = now()
 where plan = 'trial'
   and created_at < now() - interval '90 days'
   and not exists (
         select 1 from invoices i
          where i.subscription_id = subscriptions.id
            and i.paid_at is not null
       );
`;

const japanese = `佐藤様

ご注文 **JP-20931** の件でご連絡いたします。
倉庫の確認が終わり、商品は本日発送いたします。お届け予定日は *11月30日* です。

- 送料は当社が負担いたします
- 追跡番号は発送後にお送りします

ご不便をおかけし、申し訳ございません。
`;

const arabic = `مرحبًا ليلى،

تم إلغاء الطلب **AR-5521** كما طلبتِ، وسيُعاد المبلغ كاملًا خلال ٣ إلى ٥ أيام عمل.

شكرًا لصبركِ.
`;

const regions = ['eu-west-1', 'eu-central-1', 'eu-north-1', 'us-east-1', 'us-east-2', 'us-west-2'].concat([
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-south-1',
  'sa-east-1',
  'ca-central-1',
]);
const restart = (region: string, environment = 'staging') => ({
  tool_name: 'restart_service',
  tool_args: { service: 'edge-cache', region, environment, instances: 4 },
});

/** The calls of the showcase: those that wait, the newest last. */
export const waiting: readonly Asking[] = [
  {
    agent: 'support',
    user_id: 'yuki@example.jp',
    reason: '佐藤様は発送の遅れについて二度お問い合わせをされています。',
    calls: [
      { tool_name: 'send_message', tool_args: { to: '佐藤 健', subject: 'ご注文の発送について', body: japanese } },
    ],
  },
  {
    agent: 'support',
    user_id: 'layla@example.com',
    reason: 'The customer cancelled within the hour.',
    calls: [{ tool_name: 'send_message', tool_args: { to: 'ليلى حداد', subject: 'تم إلغاء طلبك', body: arabic } }],
  },
  {
    agent: 'operations',
    user_id: 'ana@example.com',
    reason: 'The old name is still in the registry, so clients resolve it. This registers the new endpoint.',
    calls: [
      {
        tool_name: 'call_api',
        tool_args: {
          method: 'PUT',
          url: 'https://registry.internal.example.com:8443/v2/services/search?notify=all',
          body: {
            name: 'search',
            endpoints: [
              { zone: 'a', address: '10.1.4.11', port: 7700, weight: 50 },
              { zone: 'b', address: '10.1.5.11', port: 7700, weight: 50 },
            ],
            health: { path: '/healthz', interval_seconds: 10, expect: { status: 200, body: null } },
            labels: { team: 'discovery', tier: 'gold', 'deprecated-names': ['finder', 'lookup'] },
            notes: 'Replaces finder.\nRemove the alias after 1 December.',
          },
        },
      },
    ],
  },
  {
    agent: 'operations',
    user_id: 'ana@example.com',
    reason: 'The namespace of the load test is not needed any more.',
    calls: [
      {
        tool_name: 'kubectl',
        tool_args: { cluster: 'dev-1', argv: ['kubectl', 'delete', 'namespace', 'load test 7', '--grace-period=30'] },
      },
    ],
  },
  {
    agent: 'operations',
    user_id: 'ben@example.com',
    reason: 'Trials that never paid count as active customers in the report.',
    calls: [{ tool_name: 'run_query', tool_args: { database: 'billing', statement, read_only: false } }],
  },
  {
    agent: 'releases',
    user_id: 'ben@example.com',
    reason: 'The cache serves answers of the old schema. All regions have to be restarted.',
    calls: [...regions.map((region) => restart(region)), restart('af-south-1', 'production')],
  },
  {
    agent: 'releases',
    user_id: 'ana@example.com',
    reason: 'Cards were charged twice when the gateway timed out.',
    calls: [
      {
        tool_name: 'apply_patch',
        tool_args: {
          repository: 'shop/checkout',
          branch: 'main',
          message: 'Charge a card once\n\nThe gateway takes a key since its version 4.',
          patch,
        },
      },
    ],
  },
  {
    agent: 'operations',
    user_id: 'ana@example.com',
    reason: 'The volume of the write-ahead log is 94 % full.',
    calls: [{ tool_name: 'run_script', tool_args: { host: 'db-3.eu.example.com', script, timeout_seconds: 900 } }],
  },
  {
    agent: 'support',
    user_id: 'layla@example.com',
    reason: 'The parcel is lost, and the carrier has confirmed it.',
    calls: [{ tool_name: 'issue_refund', tool_args: { order: 'A-17-2291', amount: 129.9, currency: 'EUR' } }],
  },
  {
    agent: 'releases',
    user_id: 'ben@example.com',
    reason: 'The new ranking is ready to be looked at.',
    calls: [
      { tool_name: 'deploy', tool_args: { service: 'search', version: '3.4.0', environment: 'staging' } },
      // Its second letter is Cyrillic.
      {
        tool_name: 'deploy',
        tool_args: { service: 'p\u0430yments-api', version: '7.3.1', environment: 'development' },
      },
    ],
  },
  {
    agent: 'releases',
    user_id: 'ana@example.com',
    reason: 'Refunds fail for cards of one bank. 7.3.1 has the fix, and nothing else.',
    calls: [
      {
        tool_name: 'deploy',
        tool_args: {
          service: 'payments-api',
          version: '7.3.1',
          environment: 'production',
          strategy: { kind: 'canary', steps: [5, 25, 100], pause_minutes: 10 },
        },
      },
    ],
  },
];

/** Calls that are decided already: approved, and rejected with this reason. */
export const decided: readonly (Asking & { rejected?: string })[] = [
  {
    agent: 'releases',
    user_id: 'ben@example.com',
    reason: 'Staging has run it since Monday.',
    calls: [{ tool_name: 'deploy', tool_args: { service: 'auth', version: '2.1.0', environment: 'staging' } }],
  },
  {
    agent: 'support',
    user_id: 'layla@example.com',
    reason: 'The customer asks for it.',
    calls: [{ tool_name: 'issue_refund', tool_args: { order: 'A-17-2204', amount: 900, currency: 'EUR' } }],
    rejected: 'It was delivered and signed for. Ask for photos of the damage first.',
  },
];

/** The call that one of two people has approved already. */
export const halfApproved = 'payments-api';

/** What a colleague asks about a waiting call, by its tool, and what the agent's people say. */
export const questions: Record<string, { asked: string; answered?: string }> = {
  kubectl: {
    asked: 'Does anybody still read the results in there? I see queries of this morning.',
    answered: 'Those were mine: I copied the results to the wiki, see OPS-1182.\nNobody reads them in there.',
  },
  run_query: { asked: 'Was this tried on a copy of billing first? How many rows does it change?' },
};

/** Whom whoever looks has named while they are away, and for how many seconds. */
export const deputy = { deputy: 'margaret@example.com', reason: 'I am on a plane to the conference in Łódź.' };
export const deputyFor = 5 * 86_400;
