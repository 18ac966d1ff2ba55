import { signal } from '@preact/signals'

/** Whether the last request found no service. */
export const isAway = signal(false)
