import type { Execution } from '@countersign/contracts/executions';

const underWay: readonly Execution['status'][] = ['queued', 'running', 'reconciling'];

/** Whether it is made, or will be, without a person. */
export const isUnderWay = ({ status }: Execution): boolean => underWay.includes(status);
