import type { ComponentChild } from 'preact'
import type { CallerView } from '../live/views.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { DocumentPage } from '../pages/document/document-page.tsx'
import { DocumentsPage } from '../pages/documents/documents-page.tsx'
import { FleetPage } from '../pages/fleet/fleet-page.tsx'
import { ReviewDocumentPage } from '../pages/review/review-document-page.tsx'
import { ReviewPage } from '../pages/review/review-page.tsx'
import { RunPage } from '../pages/run/run-page.tsx'
import { RunsPage } from '../pages/runs/runs-page.tsx'
import { SearchPage } from '../pages/search/search-page.tsx'
import { StartRunPage } from '../pages/start-run/start-run-page.tsx'
import { SystemPage } from '../pages/system/system-page.tsx'
import { UploadPage } from '../pages/upload/upload-page.tsx'

interface View {
  pattern: RegExp
  /** The scope that its requests need. */
  scope: CallerView['scopes'][number]
  /** `id` is the last part of an address that names one record. */
  show: (id: string) => ComponentChild
}

const views: readonly View[] = [
  { pattern: /^\/$/, scope: 'read', show: () => <FleetPage /> },
  { pattern: /^\/documents$/, scope: 'read', show: () => <DocumentsPage /> },
  {
    pattern: /^\/documents\/([^/]+)$/,
    scope: 'read',
    show: (id) => <DocumentPage key={id} id={id} />,
  },
  { pattern: /^\/runs$/, scope: 'read', show: () => <RunsPage /> },
  { pattern: /^\/runs\/new$/, scope: 'submit', show: () => <StartRunPage /> },
  { pattern: /^\/runs\/([^/]+)$/, scope: 'read', show: (id) => <RunPage key={id} id={id} /> },
  { pattern: /^\/upload$/, scope: 'submit', show: () => <UploadPage /> },
  { pattern: /^\/review$/, scope: 'read', show: () => <ReviewPage /> },
  {
    pattern: /^\/review\/([^/]+)$/,
    scope: 'read',
    show: (id) => <ReviewDocumentPage key={id} id={id} />,
  },
  { pattern: /^\/search$/, scope: 'read', show: () => <SearchPage /> },
  { pattern: /^\/system$/, scope: 'read', show: () => <SystemPage /> },
]

/** The view of an address. */
export function findView(path: string): { scope: View['scope']; show: () => ComponentChild } {
  for (const { pattern, scope, show } of views) {
    const found = pattern.exec(path)
    if (found !== null) return { scope, show: () => show(decodeURIComponent(found[1] ?? '')) }
  }
  return { scope: 'read', show: () => <UnknownPage /> }
}

const UnknownPage = () => (
  <Page title="Page not found">
    <Notice>
      <p>
        The dashboard has no page at this address. <a href="/">To the fleet</a>
      </p>
    </Notice>
  </Page>
)
