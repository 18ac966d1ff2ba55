import sharp from 'sharp'

// Only the formats of users' pages are decoded: the rest of libvips' loaders is attack surface. GIF and AVIF are
// unblocked only in the processes that decode one file at a time and do nothing else.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadTiff',
    'VipsForeignLoadWebp',
  ],
})
// Processes give the parallelism; a cache would only grow.
sharp.cache(false)
sharp.concurrency(1)

/** sharp, configured for all our processes. */
export { sharp }
