import type { Webhook } from '../../../shared/contract/webhook.ts'

export const makeWebhook = (id: string, given: Partial<Webhook> = {}): Webhook => ({
  id,
  url: 'http://127.0.0.1/',
  events: ['document.finished'],
  tag: null,
  secret: `secret of ${id}`,
  createdAt: '2026-01-01T00:00:00.000Z',
  ...given,
})
