import { Type, type TInteger, type TString } from '@sinclair/typebox'

/** Unit of a number. `docs/configuration.md` shows it; names that end with `_MS` or `_BYTES` also contain it. */
type Unit =
  | 'bytes'
  | 'bytes/s'
  | 'connections'
  | 'deliveries'
  | 'documents'
  | 'engines'
  | 'files'
  | 'jobs'
  | 'megapixels'
  | 'ms'
  | 'pages'
  | 'PDFs'
  | 'pictures'
  | 'processes'
  | 'requests/min'
  | 'results'
  | 'runs'
  | 'searches'
  | 'streams'
  | 'uploads'
  | 'webhooks'
  | 'nice level'
  | 'port'

interface Range {
  default: number
  minimum: number
  maximum?: number
}

export const text = (
  description: string,
  options: Parameters<typeof Type.String>[0] = {},
): TString => Type.String({ maxLength: 4_096, minLength: 1, ...options, description })
/** Commas separate the entries. */
export const list = (description: string): TString =>
  Type.String({ maxLength: 65_536, default: '', description })
export const integer = (unit: Unit, description: string, range: Range): TInteger =>
  Type.Integer({ ...range, unit, description })
export const duration = (description: string, given: string): TString =>
  text(`${description}. A time (\`30s\`, \`5m\`, \`12h\`, \`30d\`), or \`off\` for no limit`, {
    default: given,
    pattern: '^(off|[1-9][0-9]{0,5}[smhd])$',
  })
