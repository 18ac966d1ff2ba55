import { execFileSync } from 'node:child_process'

export const serif = 'Liberation Serif'
export const sans = 'Liberation Sans'
export const typewriter = 'Liberation Mono'
export const slab = 'DejaVu Serif'
export const thermal = 'DejaVu Sans Mono'

const debianPackageOf: Readonly<Record<string, string>> = {
  [serif]: 'fonts-liberation',
  [sans]: 'fonts-liberation',
  [typewriter]: 'fonts-liberation',
  [slab]: 'fonts-dejavu-core',
  [thermal]: 'fonts-dejavu-core',
}

/** Throws one sentence that names the apt package of the first font fontconfig would replace by another. */
export function requireFonts(): void {
  for (const [family, debianPackage] of Object.entries(debianPackageOf)) {
    if (familyFoundFor(family) !== family) {
      throw new Error(`The font ${family} is missing: apt-get install ${debianPackage}`)
    }
  }
}

function familyFoundFor(family: string): string {
  try {
    return execFileSync('fc-match', ['--format', '%{family[0]}', family], { encoding: 'utf8' })
  } catch (cause) {
    throw new Error('fc-match did not run: apt-get install fontconfig', { cause })
  }
}
