import { getJson } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { CallerView } from '../../live/views.ts'
import { Ready } from '../../parts/notice.tsx'
import { Table } from '../../parts/table.tsx'

type TokenRow = Pick<CallerView, 'name' | 'scopes'>

/** Names and scopes of the service's tokens; it knows no more of them. */
export function TokenList() {
  const tokens = useLoaded('tokens', (signal) =>
    getJson<{ items: TokenRow[] }>('/v1/tokens', signal),
  )
  return (
    <section>
      <h2>Tokens</h2>
      <Ready of={tokens}>
        {({ items }) => (
          <Table
            caption="Tokens"
            columns={[
              { title: 'Name', cell: ({ name }) => name },
              { title: 'Scopes', cell: ({ scopes }) => scopes.join(', ') },
            ]}
            rows={items}
            keyOf={({ name }) => name}
            empty="The service has no tokens: everyone who reaches it may do everything."
          />
        )}
      </Ready>
    </section>
  )
}
