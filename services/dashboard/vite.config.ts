import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const api = 'http://127.0.0.1:8080'

/** Writes a Brotli and a gzip form beside each file: the server compresses nothing. */
function compressFiles(): Plugin {
  let folder = ''
  return {
    name: 'compress-files',
    apply: 'build',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir)
    },
    closeBundle() {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      // The page is the last: where its forms exist, the build is complete.
      const texts = files.filter((each) => /[.](js|css|svg)$/.test(each))
      for (const name of [...texts, 'index.html']) {
        const bytes = readFileSync(join(folder, name))
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }))
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

/** `vite build services/dashboard` builds it; `vite services/dashboard` serves it to a running service's API. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [compressFiles()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'built',
    emptyOutDir: true,
    target: 'es2022',
    // An inlined file would be a data: URL, which the policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/version', '/readyz', '/metrics', '/docs'].map((path) => [path, api]),
    ),
  },
})
