import { useEffect, useRef, useState } from 'preact/hooks'
import { caller, may } from '../../live/session.ts'
import { formatCount, many, showBytes } from '../../parts/format.ts'
import { Languages } from '../../parts/languages.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { addFiles, clearEnded, uploads } from './upload-queue.ts'
import { UploadRow } from './upload-row.tsx'
import type { UploadItem } from './upload-item.ts'

const maxShown = 200

/** `/upload`: files in, text out. */
export function UploadPage() {
  const [tag, setTag] = useState('')
  const [languages, setLanguages] = useState<readonly string[]>([])
  const [folders, setFolders] = useState(0)
  const add = (files: readonly File[]): void => addFiles(files, { tag: tag.trim(), languages })
  const latest = useRef(add)
  latest.current = add
  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent): void => {
      const files = [...(clipboardData?.files ?? [])]
      if (files.length > 0) latest.current(files)
    }
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [])
  return (
    <Page title="Upload">
      <DropZone
        onFiles={(files, droppedFolders) => {
          setFolders(droppedFolders)
          add(files)
        }}
      />
      {folders > 0 && (
        <Notice tone="bad">
          <p>{many(folders, 'folder')} left out: drop files, or start a run of a folder.</p>
        </Notice>
      )}
      <div class="filters">
        <label>
          Tag
          <input
            value={tag}
            maxLength={200}
            onInput={(event) => setTag(event.currentTarget.value)}
          />
        </label>
        <Languages chosen={languages} onChange={setLanguages} />
      </div>
      <UploadList />
    </Page>
  )
}

const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory === true

/** A place to drop files on, which is a button for them too. */
function DropZone({ onFiles }: { onFiles: (files: File[], folders: number) => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file')
    const files = items.filter((item) => !isFolder(item)).map((item) => item.getAsFile())
    onFiles(
      files.filter((file) => file !== null),
      items.filter(isFolder).length,
    )
  }
  return (
    <div
      class={`drop${isOver ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <p>
        Drop or paste images and PDFs here, or{' '}
        <button type="button" class="main" onClick={() => field.current?.click()}>
          Choose files
        </button>
      </p>
      <p class="muted">Up to {showBytes(caller.value?.maxFileBytes ?? 0)} each.</p>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])], 0)
          currentTarget.value = ''
        }}
      />
    </div>
  )
}

/** Order of the list: what moves and what failed first. */
const rankOf = ({ state, document }: UploadItem): number => {
  if (state === 'sending') return 0
  if (state === 'refused') return 1
  if (state === 'waiting') return 3
  return document?.status === 'finished' || !may('read') ? 4 : 2
}

function UploadList() {
  const all = uploads()
  if (all.length === 0) return null
  const finished = all.filter((item) => rankOf(item) === 4).length
  const refused = all.filter(({ state }) => state === 'refused').length
  const shown = all.toSorted((a, b) => rankOf(a) - rankOf(b) || a.number - b.number)
  return (
    <section>
      <header class="title">
        <h2>{many(all.length, 'file')}</h2>
        <span class="muted" role="status">
          {formatCount(finished)} {may('read') ? 'finished' : 'accepted'}, {formatCount(refused)}{' '}
          refused
        </span>
        {finished + refused > 0 && (
          <button type="button" onClick={clearEnded}>
            Clear these
          </button>
        )}
      </header>
      <ul class="uploads">
        {shown.slice(0, maxShown).map((item) => (
          <UploadRow key={item.number} {...item} />
        ))}
      </ul>
      {shown.length > maxShown && (
        <p class="muted">and {formatCount(shown.length - maxShown)} more</p>
      )}
    </section>
  )
}
