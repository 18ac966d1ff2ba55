import { execFileSync } from 'node:child_process'

/** A font of Debian's, as CSS names it. */
export interface Face {
  family: string
  /** CSS weight of its regular text, 400 where it is left out. */
  weight?: number
  /** CSS stretch. */
  stretch?: 'condensed'
  look: 'regular' | 'condensed' | 'light'
  debianPackage: string
}

/** Pages of the seen part may be used for tuning; the unseen part has other fonts and other kinds of pages. */
export const parts = ['seen', 'unseen'] as const
export type Part = (typeof parts)[number]

const regular = (debianPackage: string, ...families: string[]): Face[] =>
  families.map((family) => ({ family, look: 'regular', debianPackage }))
const condensed = (debianPackage: string, ...families: string[]): Face[] =>
  families.map((family) => ({ family, look: 'condensed', debianPackage }))
const light = (debianPackage: string, family: string): Face => ({
  family,
  weight: 300,
  look: 'light',
  debianPackage,
})

export const faces: Readonly<Record<Part, readonly Face[]>> = {
  seen: [
    ...regular('fonts-liberation', 'Liberation Serif', 'Liberation Sans', 'Liberation Mono'),
    ...regular('fonts-dejavu-core', 'DejaVu Sans', 'DejaVu Serif', 'DejaVu Sans Mono'),
    ...regular('fonts-freefont-ttf', 'FreeSerif', 'FreeSans'),
    ...regular('fonts-noto-core', 'Noto Sans', 'Noto Serif'),
    ...regular('fonts-lato', 'Lato'),
    ...regular('fonts-open-sans', 'Open Sans'),
    ...regular('fonts-crosextra-carlito', 'Carlito'),
    ...regular('fonts-crosextra-caladea', 'Caladea'),
    ...regular('fonts-ebgaramond', 'EB Garamond'),
    ...regular('fonts-linuxlibertine', 'Linux Libertine O', 'Linux Biolinum O'),
    ...regular('fonts-cantarell', 'Cantarell'),
    ...regular('fonts-inconsolata', 'Inconsolata'),
    ...regular('fonts-texgyre', 'TeX Gyre Termes', 'TeX Gyre Heros', 'TeX Gyre Pagella'),
    ...regular('fonts-paratype', 'PT Sans', 'PT Serif'),
    ...condensed('fonts-liberation', 'Liberation Sans Narrow'),
    ...condensed('fonts-paratype', 'PT Sans Narrow'),
    ...condensed('fonts-yanone-kaffeesatz', 'Yanone Kaffeesatz'),
    {
      family: 'DejaVu Sans',
      stretch: 'condensed',
      look: 'condensed',
      debianPackage: 'fonts-dejavu-extra',
    },
    light('fonts-lato', 'Lato'),
    light('fonts-open-sans', 'Open Sans'),
    light('fonts-comfortaa', 'Comfortaa'),
    light('fonts-cantarell', 'Cantarell'),
  ],
  unseen: [
    ...regular('fonts-roboto-fontface', 'Roboto'),
    ...regular('fonts-roboto-slab', 'Roboto Slab'),
    ...regular('fonts-sil-gentium', 'Gentium'),
    ...regular('fonts-sil-charis', 'Charis SIL'),
    ...regular('fonts-vollkorn', 'Vollkorn'),
    ...regular('fonts-cabin', 'Cabin'),
    ...regular('fonts-inter', 'Inter'),
    ...regular('fonts-texgyre', 'TeX Gyre Schola', 'TeX Gyre Bonum', 'TeX Gyre Adventor'),
    ...regular('fonts-courier-prime', 'Courier Prime'),
    ...regular('fonts-hack', 'Hack'),
    ...regular('fonts-oldstandard', 'Old Standard TT'),
    ...regular('fonts-sora', 'Sora'),
    ...condensed('fonts-urw-base35', 'Nimbus Sans Narrow'),
    ...condensed('fonts-open-sans', 'Open Sans Condensed'),
    {
      family: 'DejaVu Serif',
      stretch: 'condensed',
      look: 'condensed',
      debianPackage: 'fonts-dejavu-extra',
    },
    light('fonts-jura', 'Jura'),
    light('fonts-inter', 'Inter'),
    light('fonts-roboto-fontface', 'Roboto'),
  ],
}

/** Throws one sentence that names the apt packages of fonts that are not installed. */
export function requireFaces(part: Part): void {
  const listed = execFileSync('fc-list', ['--format', '%{family}\n'], { encoding: 'utf8' })
  const installed = new Set(listed.split(/[\n,]/))
  const missing = faces[part].filter(({ family }) => !installed.has(family))
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))].join(' ')
  const families = missing.map(({ family }) => family).join(', ')
  throw new Error(`These fonts are missing: ${families} (apt-get install ${packages})`)
}
