export { NoticeDelivery, DeliveryAttempt, DeliveryStatus, NoticeKind } from './delivery.js';
export { DeliveryPage, ListDeliveriesQuery } from './http.js';
