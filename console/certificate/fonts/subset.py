#!/usr/bin/env python3
"""Makes the two font files of this directory. See README.md for what goes in, and what has to come out.

subset.py NotoSansCJK-Regular.ttc NotoSansCJK-Bold.ttc Unihan_OtherMappings.txt
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

# The face for mainland China in a collection of Noto Sans CJK.
SIMPLIFIED_CHINESE = 2
LATIN = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100))


def repertoire(encoding):
    """Every character of a two-byte encoding, without the private ones."""
    found = set()
    for high in range(0x81, 0xFF):
        for low in range(0x40, 0xFF):
            try:
                letter = bytes([high, low]).decode(encoding)
            except UnicodeDecodeError:
                continue
            found.add(ord(letter))
    return {code for code in found if not 0xE000 <= code <= 0xF8FF}


def general_standard(unihan):
    """The 8,105 characters of the General Standard Chinese Characters of 2013 (kTGH)."""
    lines = Path(unihan).read_text(encoding="utf-8").splitlines()
    fields = (line.split("\t") for line in lines if "\tkTGH\t" in line)
    return {int(field[0][2:], 16) for field in fields}


def write(source, wanted, target):
    font = TTFont(source, fontNumber=SIMPLIFIED_CHINESE, lazy=True, recalcTimestamp=False)
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.drop_tables += ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    options.name_IDs = ["*"]
    options.glyph_names = False
    options.notdef_outline = True
    maker = subset.Subsetter(options)
    maker.populate(unicodes=wanted)
    maker.subset(font)
    subset.save_font(font, target, options)
    missing = "".join(map(chr, sorted(wanted - set(font.getBestCmap()))))
    print(f"{target}: {len(font.getBestCmap())} characters; the source does not have {missing!r}")


def main():
    regular, bold, unihan = sys.argv[1:]
    here = Path(__file__).parent
    standard = general_standard(unihan)
    write(regular, LATIN | repertoire("gbk") | standard, here / "NotoSansCJKsc-Regular.otf")
    write(bold, LATIN | repertoire("gb2312") | standard, here / "NotoSansCJKsc-Bold.otf")


if __name__ == "__main__":
    main()
