import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { builtFolder, requireBuilt } from '../../helpers/dashboard/built.ts'

const maxBytes = 60_000

test('the first load of the dashboard is at most 60 kB, compressed, from this server, without inline script', async () => {
  await requireBuilt()
  const page = readFileSync(join(builtFolder, 'index.html'), 'utf8')
  const parts = [...page.matchAll(/\s(?:src|href)="(\/assets\/[^"]+)"/g)].map(
    ([, part = '']) => part,
  )
  assert.ok(parts.length >= 3, page)
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)[^>]*>|<style|\son[a-z]+=|\sstyle=|https?:/i)
  for (const form of ['br', 'gz']) {
    const sizes = ['/index.html', ...parts].map(
      (part) => statSync(join(builtFolder, `${part}.${form}`)).size,
    )
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(bytes <= maxBytes, `${bytes} bytes as ${form}`)
  }
})
