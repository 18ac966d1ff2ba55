"""Reads pages as a pool of Python processes does: one engine in each, loaded once.

python3 tesserocr-pool.py LIST CORES LANGUAGES PSM TESSDATA

LIST holds pairs that end in NUL: a page, and the file its text goes to without `.txt`.
"""

import sys
from concurrent.futures import ProcessPoolExecutor

import tesserocr

engine = None


def load(tessdata, languages, psm):
    global engine
    engine = tesserocr.PyTessBaseAPI(
        path=tessdata, lang=languages, psm=psm, oem=tesserocr.OEM.LSTM_ONLY
    )


def read(pair):
    page, target = pair
    try:
        engine.SetImageFile(page)
        text = engine.GetUTF8Text()
    except RuntimeError as error:
        print(f"{page}: {error}", file=sys.stderr)
        return
    with open(f"{target}.txt", "w", encoding="utf-8") as file:
        file.write(text)


def main(listing, cores, languages, psm, tessdata):
    with open(listing, encoding="utf-8") as file:
        names = file.read().split("\0")[:-1]
    pairs = list(zip(names[::2], names[1::2]))
    with ProcessPoolExecutor(
        int(cores), initializer=load, initargs=(tessdata, languages, int(psm))
    ) as pool:
        for _ in pool.map(read, pairs):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
