/** Why a document failed and how to cure it, by error code; docs/troubleshooting.md has the same codes. */
export interface Cause {
  cause: string
  cure: string
}

export const causes: Readonly<Record<string, Cause>> = {
  empty_file: { cause: 'The file has 0 bytes.', cure: 'Copy or upload it again.' },
  unsupported_type: {
    cause: 'The content is no supported image or PDF.',
    cure: 'Convert it to PDF, TIFF, PNG or JPEG.',
  },
  unsupported_encoding: {
    cause: 'The file is a rare variant of a supported format.',
    cure: 'Save it as PNG or as plain PDF.',
  },
  corrupt_image: {
    cause: 'The image is damaged or truncated.',
    cure: 'Copy or scan it again.',
  },
  corrupt_pdf: { cause: 'The PDF is damaged.', cure: 'Repair it, for example with qpdf.' },
  no_pages: { cause: 'The PDF or TIFF has no pages.', cure: 'Check its source.' },
  page_out_of_range: {
    cause: 'The document has none of the requested pages.',
    cure: 'Correct the list of pages.',
  },
  password_required: {
    cause: 'The PDF is encrypted.',
    cure: 'Upload it through the API with its pdfPassword.',
  },
  password_wrong: { cause: 'The password does not open the PDF.', cure: 'Correct the password.' },
  corrupt_upload: {
    cause: 'The stored file is not the uploaded one.',
    cure: "Check the service's disk, and upload the file again.",
  },
  too_large: {
    cause: 'The file is larger than the service permits.',
    cure: 'Raise SCRIPTORIUM_MAX_FILE_BYTES, or split the file.',
  },
  too_many_pixels: {
    cause: 'A page has more pixels than the service permits.',
    cure: 'Raise SCRIPTORIUM_MAX_MEGAPIXELS, or scale the page down.',
  },
  too_many_pages: {
    cause: 'The document has more pages than the service permits.',
    cure: 'Raise SCRIPTORIUM_MAX_PAGES, or split the document.',
  },
  too_much_memory: {
    cause: 'Decoding needs more memory than the service permits.',
    cure: 'Raise SCRIPTORIUM_DECODE_MEMORY.',
  },
  not_a_file: {
    cause: 'The path is a FIFO, a socket or a device.',
    cure: 'Pass regular files.',
  },
  path_not_utf8: { cause: 'The file name is not UTF-8.', cure: 'Rename the file.' },
  path_outside_root: {
    cause: 'The path, or a link in it, leaves its root.',
    cure: 'Move the file below the root.',
  },
  not_found: {
    cause: 'The file vanished, or its disk did.',
    cure: 'Restore it, and check the mount.',
  },
  permission_denied: {
    cause: "The service's user may not read the file.",
    cure: 'Give it read permission.',
  },
  output_conflict: {
    cause: "Something blocks the output's path, such as a folder of that name.",
    cure: 'Remove or rename it.',
  },
  output_exists: {
    cause: 'The output folder holds a file that Scriptorium did not write.',
    cure: 'Choose another output folder, or replace the file.',
  },
  cancelled: { cause: 'The document was cancelled.', cure: 'Retry reads it.' },
  unstable: {
    cause: 'The file changed while it was read.',
    cure: 'Read it again when it is complete.',
  },
  page_timeout: {
    cause: 'The page took longer than its timeout.',
    cure: 'Raise the timeout of the upload or run.',
  },
  decode_timeout: {
    cause: 'Decoding took too long.',
    cure: 'Raise SCRIPTORIUM_DECODE_MS, or save the file in another format.',
  },
  decoder_failed: {
    cause: 'The decoder process did not start, or died.',
    cure: "Check the service's memory and log, then retry.",
  },
  blob_unavailable: {
    cause: 'The API did not give a worker the file; the job waits.',
    cure: "Start the API, or correct the workers' SCRIPTORIUM_API_URL.",
  },
  blob_refused: {
    cause: "The API refused a job's token; the job is planned again.",
    cure: 'Give API and aggregator the same SCRIPTORIUM_DATA.',
  },
  engine_failed: {
    cause: 'The engine reported an error.',
    cure: 'See the message, check the language model, then retry.',
  },
  engine_crash: {
    cause: "The engine's thread or process died.",
    cure: 'Check memory, raise WORKER_MEMORY, then retry.',
  },
  engine_boot_failed: {
    cause: 'The engine did not start.',
    cure: 'Run npx scriptorium doctor on the server.',
  },
  worker_crash: {
    cause: 'The worker process died.',
    cure: "Check the service's memory and log, then retry.",
  },
  poison: {
    cause: 'The document killed its process three times.',
    cure: 'Retry reads it once more.',
  },
  recipe_mismatch: {
    cause: 'No worker has the engine, version or model that the document needs.',
    cure: 'Start such a worker, or read the file again with the present engine.',
  },
}
