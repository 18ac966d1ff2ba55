import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scrub } from '../../../shared/process/host-paths.ts'

test('host folders are removed from a message', () => {
  const cases: [message: string, shown: string][] = [
    ['/srv/data/ledger.sqlite has version 3', '… has version 3'],
    [
      "ENOENT: no such file or directory, open '/home/me/in/a.png'",
      "ENOENT: no such file or directory, open '…'",
    ],
    ['cannot write "/srv/out" (/srv/out/a.txt): full', 'cannot write "…" (…): full'],
    ['SCRIPTORIUM_DATA=/srv/data/x is held', 'SCRIPTORIUM_DATA=… is held'],
    ['/a/b and /c/d/', '… and …'],
    ["open '/home/me/My Scans/a b.png'", "open '…'"],
    ['cannot open file:///srv/in/a.png now', 'cannot open … now'],
    ['magick:/srv/in/a.png: corrupt', 'magick:…: corrupt'],
    ['{/srv/in/a.png}', '{…'],
  ]
  for (const [message, shown] of cases) assert.equal(scrub(message), shown)
})

test('text that is not a folder stays unchanged', () => {
  const messages = [
    'page 1/2 is damaged',
    'holds image/png; JPEG, PNG, TIFF are read',
    'POST /v1/runs reads folders',
    'see /docs',
    'deep/scan.png is not there',
    'https://example.org/a/b answered',
  ]
  for (const message of messages) assert.equal(scrub(message), message)
})
