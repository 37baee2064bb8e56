export { NoticeDelivery, DeliveryAttempt, DeliveryStatus, NoticeKind } from './delivery.js';
export { DeliveryPage, ListDeliveriesQuery } from './http.js';
export { PushSubscription, PushSubscriptionList, SubscribeRequest } from './push-subscription.js';
