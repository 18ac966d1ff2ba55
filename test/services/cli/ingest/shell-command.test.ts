import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { shellCommand, withoutPdfPassword } from '../../../../services/cli/ingest/shell-command.ts'

test('a quoted command is parsed into the same words by a shell', () => {
  const words = [
    'plain',
    '',
    'two words',
    "it's",
    '"$HOME"',
    '`id`',
    '$(id)',
    'a\nb',
    '~',
    '*',
    '\\',
    '!x',
    '-x=ä',
    '&;|',
  ]
  const script = `printf '%s\\0' ${shellCommand(words)}`
  const read = execFileSync('/bin/sh', ['-c', script]).toString()
  assert.deepEqual(read.split('\0').slice(0, -1), words)
})

test('plain words are not quoted', () => {
  const words = ['npm', 'run', 'ingest', '--', 'scans/1', '--out', '/tmp/OUT']
  assert.equal(shellCommand(words), words.join(' '))
})

test('a password is never shown, however it was given', () => {
  const words = ['scans', '--pdf-password', 'otter', '--out', 'OUT']
  assert.deepEqual(withoutPdfPassword(words), ['scans', '--out', 'OUT'])
  assert.deepEqual(withoutPdfPassword(['--pdf-password=otter', 'scans']), ['scans'])
})
