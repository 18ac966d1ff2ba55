/**
 * Converts data that an older version stored in a ledger, or left in Redis, to the present form. Each kind of data has
 * one function here, which may be applied to any older form, and to the present one, any number of times. Whoever
 * changes a schema extends the function of its kind, and raises `dataVersion`, so that earlier versions refuse data that
 * they would misread.
 */

/**
 * The form of pages in the ledger and of messages in Redis; 0 in the ledger marks data from before versions were
 * counted.
 */
export const dataVersion = 2

type Fields = Record<string, unknown>
export type Upgrade = (value: unknown) => unknown

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const without = (fields: Fields, isObsolete: (name: string) => boolean): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !isObsolete(name)))

/** The parser refuses anything but an object. */
const ofFields =
  (upgrade: (fields: Fields) => Fields): Upgrade =>
  (value) =>
    isFields(value) ? upgrade(value) : value

const within = (name: string, upgrade: Upgrade) =>
  ofFields((fields) => (name in fields ? { ...fields, [name]: upgrade(fields[name]) } : fields))

/** Presets, page lists and text layers came later: older recipes were read with the defaults. */
export const upgradeRecipe = ofFields((recipe) => ({
  preset: 'balanced',
  pages: '',
  pdfText: 'auto',
  ...recipe,
}))

const maxMetadataKey = 100

/** Metadata keys had no bound: those beyond the present one are meaningless and are dropped. */
const upgradeLabels = within(
  'metadata',
  ofFields((metadata) =>
    Object.fromEntries(
      Object.entries(metadata).filter(([{ length }]) => length > 0 && length <= maxMetadataKey),
    ),
  ),
)

/** Requests had one form. An upload's had every field of a folder run, empty. */
const upgradeSource = ofFields((request) =>
  request['source'] === 'upload'
    ? without(request, (name) => ofFolders.has(name))
    : { source: 'folder', ...request },
)

const ofFolders: ReadonlySet<string> = new Set([
  'inputs',
  'pathsInRedis',
  'out',
  'include',
  'exclude',
  'includeHidden',
  'follow',
  'formats',
  'combined',
  'retryFailed',
  'checksum',
  'dryRun',
])

/** Runs and upload tickets hold a recipe. */
export const upgradeRequest: Upgrade = (request) =>
  within('labels', upgradeLabels)(within('recipe', upgradeRecipe)(upgradeSource(request)))

/** The stat of an upload was an empty text. */
export const upgradeJob = ofFields((job) =>
  job['stat'] === '' ? without(job, (name) => name === 'stat') : job,
)
export const upgradeAcceptance = within('request', upgradeRequest)
export const upgradeCommand = upgradeAcceptance

export const upgradeRunReport = ofFields((report) => ({
  unavailable: 0,
  ...report,
  recipe: upgradeRecipe(report['recipe']),
}))

export const upgradeProgress = ofFields((progress) => ({
  existing: 0,
  unavailable: 0,
  ...progress,
}))

export const upgradeHeartbeat = ofFields((heartbeat) => ({ warm: [], ...heartbeat }))

/** Pages were upright then; a line's baseline was the lower edge of its box. */
export const upgradePage = ofFields((page) => {
  if ('orientation' in page) return page
  return {
    dpi: null,
    orientation: { isMirrored: false, rotation: 0, skew: 0 },
    textSource: 'engine',
    readings: [],
    ...page,
    blocks: ofEach(page['blocks'], 'paragraphs', (paragraphs) =>
      ofEach(paragraphs, 'lines', (lines) =>
        Array.isArray(lines) ? lines.map(upgradeLine) : lines,
      ),
    ),
  }
})

export const upgradeWorkerReport = within('result', upgradePage)

function ofEach(list: unknown, name: string, upgrade: Upgrade): unknown {
  return Array.isArray(list) ? list.map(within(name, upgrade)) : list
}

const upgradeLine = ofFields((line) => {
  const { bbox } = line
  if (!isFields(bbox)) return line
  const { x0, y0, x1, y1 } = bbox
  return { baseline: { x0, y0: y1, x1, y1 }, size: Number(y1) - Number(y0), ...line }
})
