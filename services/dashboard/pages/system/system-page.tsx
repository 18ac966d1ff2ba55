import { download, getJson, getReadiness, send } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import { caller, may } from '../../live/session.ts'
import { Action } from '../../parts/action.tsx'
import { Figures } from '../../parts/figures.tsx'
import { Ready } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { LimitTable } from './limit-table.tsx'
import { readLimits } from './limits.ts'
import { TokenList } from './token-list.tsx'
import { WebhookList } from './webhook-list.tsx'

const everyMs = 5_000

const checkNames: Readonly<Record<string, string>> = {
  redis: 'Redis',
  ledger: 'Ledger',
  workers: 'Workers',
}

/** `/system`: the parts of the service, its limits and its webhooks. */
export function SystemPage() {
  return (
    <Page title="System">
      <Versions />
      <Parts />
      <Limits />
      {may('admin') && <WebhookList />}
      {may('admin') && <TokenList />}
    </Page>
  )
}

function Versions() {
  const version = useLoaded('version', (signal) => getJson<{ version: string }>('/version', signal))
  const languages = useLoaded('languages', (signal) =>
    getJson<{ languages: string[] }>('/v1/languages', signal),
  )
  return (
    <>
      <Figures
        figures={[
          { name: 'Version', value: version.value?.version ?? '–' },
          { name: 'Languages', value: languages.value?.languages.join(', ') ?? '–' },
          {
            name: 'Your token',
            value: caller.value?.isTokenRequired === true ? caller.value.name : 'none is needed',
          },
          { name: 'Your scopes', value: caller.value?.scopes.join(', ') ?? '–' },
        ]}
      />
      <p class="actions">
        <a class="button" href="/docs" data-outside>
          API documentation
        </a>
        <Action run={() => download('/metrics', 'metrics.txt')}>Download metrics</Action>
      </p>
    </>
  )
}

function Parts() {
  const readiness = useLoaded('readiness', getReadiness, everyMs)
  return (
    <section>
      <h2>Parts</h2>
      <Ready of={readiness}>
        {({ checks }) => (
          <Table
            caption="Parts of the service"
            columns={[
              { title: 'Part', cell: ([name]) => checkNames[name] ?? name },
              {
                title: 'State',
                cell: ([, { ok }]) => (
                  <span class={`badge ${ok ? 'good' : 'bad'}`}>{ok ? 'Works' : 'Fails'}</span>
                ),
              },
              { title: 'Detail', cell: ([, { detail }]) => detail },
            ]}
            rows={Object.entries(checks)}
            keyOf={([name]) => name}
            empty="The service names no parts."
          />
        )}
      </Ready>
    </section>
  )
}

function Limits() {
  const limits = useLoaded(
    'limits',
    async (signal) => readLimits(await (await send('/metrics', { signal })).text()),
    everyMs,
  )
  return (
    <section>
      <h2>Limits</h2>
      <Ready of={limits}>{(value) => <LimitTable limits={value} />}</Ready>
    </section>
  )
}
