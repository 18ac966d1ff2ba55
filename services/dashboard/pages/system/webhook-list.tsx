import { useState } from 'preact/hooks'
import { getJson, sendJson } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { DeliveryRow, Listed, WebhookRow } from '../../live/views.ts'
import { Action } from '../../parts/action.tsx'
import { formatCount } from '../../parts/format.ts'
import { Ready } from '../../parts/notice.tsx'
import { Table, type Column } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

const limit = 20
const everyMs = 5_000

/** Subscriptions, and the latest deliveries of one of them. */
export function WebhookList() {
  const [chosen, setChosen] = useState<string | null>(null)
  const webhooks = useLoaded('webhooks', (signal) =>
    getJson<{ items: WebhookRow[] }>('/v1/webhooks', signal),
  )
  const columns: readonly Column<WebhookRow>[] = [
    { title: 'Address', cell: ({ url }) => url },
    { title: 'Events', cell: ({ events }) => events.join(', '), isExtra: true },
    { title: 'Tag', cell: ({ tag }) => tag ?? 'any', isExtra: true },
    {
      title: 'Deliveries',
      cell: ({ id }) => (
        <button
          type="button"
          aria-expanded={chosen === id}
          onClick={() => setChosen(chosen === id ? null : id)}
        >
          {chosen === id ? 'Hide' : 'Show'}
        </button>
      ),
    },
  ]
  return (
    <section>
      <h2>Webhooks</h2>
      <Ready of={webhooks}>
        {({ items }) => (
          <Table
            caption="Webhooks"
            columns={columns}
            rows={items}
            keyOf={({ id }) => id}
            empty="No webhook is subscribed."
          />
        )}
      </Ready>
      {chosen !== null && <Deliveries webhook={chosen} />}
    </section>
  )
}

const tones: Readonly<Record<string, string>> = { delivered: 'good', failed: 'bad', due: 'busy' }

function Deliveries({ webhook }: { webhook: string }) {
  const route = `/v1/webhooks/${encodeURIComponent(webhook)}`
  const url = `${route}/deliveries?limit=${limit}`
  const deliveries = useLoaded(url, (signal) => getJson<Listed<DeliveryRow>>(url, signal), everyMs)
  const redeliver = (deliveryId: string) => async (): Promise<void> => {
    await sendJson('POST', `${route}/redeliver`, { deliveryId })
    deliveries.reload()
  }
  const columns: readonly Column<DeliveryRow>[] = [
    { title: 'Event', cell: ({ event }) => event },
    {
      title: 'State',
      cell: ({ state }) => <span class={`badge ${tones[state] ?? 'quiet'}`}>{state}</span>,
    },
    { title: 'Attempts', cell: ({ attempts }) => formatCount(attempts), isNumber: true },
    {
      title: 'Answer',
      cell: ({ lastStatus, lastError }) => lastError ?? lastStatus ?? '–',
      isExtra: true,
    },
    { title: 'Time', cell: ({ createdAt }) => <Time at={createdAt} />, isExtra: true },
    {
      title: 'Action',
      cell: ({ id, state }) =>
        state === 'due' ? null : <Action run={redeliver(id)}>Redeliver</Action>,
    },
  ]
  return (
    <>
      <h3>Latest deliveries</h3>
      <Ready of={deliveries}>
        {({ items }) => (
          <Table
            caption="Latest deliveries"
            columns={columns}
            rows={items}
            keyOf={({ id }) => id}
            empty="No delivery yet."
          />
        )}
      </Ready>
    </>
  )
}
