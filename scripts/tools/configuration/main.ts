import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../shared/files/package-root.ts'
import { defaultsOfCompose } from './compose-settings.ts'
import { exampleFile } from './example.ts'
import { configurationPage } from './page.ts'

/** Writes docs/configuration.md and .env.example from the config schemas; a test fails while they differ. */
const defaults = defaultsOfCompose(readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8'))
writeFileSync(join(packageRoot, 'docs/configuration.md'), configurationPage(defaults))
writeFileSync(join(packageRoot, '.env.example'), exampleFile(defaults))
process.stdout.write('docs/configuration.md and .env.example are written\n')
