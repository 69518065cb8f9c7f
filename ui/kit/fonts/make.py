#!/usr/bin/env python3
"""Builds kiosk-regular.ttf and kiosk-bold.ttf. Not part of the build of the
program: the two files are kept in the repository. See README.md beside this.

    python3 -m venv v && v/bin/pip install fonttools brotli
    npm pack inter-ui@4.1.1 && tar xzf inter-ui-4.1.1.tgz   (gives package/)
    apt-get install fonts-noto-cjk
    v/bin/python make.py package/web /usr/share/fonts/opentype/noto ../../words/*/*.json
"""
import io, sys
from fontTools.merge import Merger
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont, newTable
from fontTools.ttLib.scaleUpem import scale_upem

inter, noto, catalogues = sys.argv[1], sys.argv[2], sys.argv[3:]

LATIN = (list(range(0x20, 0x7F)) + list(range(0xA0, 0x250)) + list(range(0x2B0, 0x370))
         + list(range(0x370, 0x460)) + list(range(0x1E00, 0x1F00)) + list(range(0x2000, 0x2070))
         + list(range(0x20A0, 0x20C0)) + [0x2122, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x2260, 0x2264, 0x2265,
            0x2713, 0x2717, 0x25CF, 0x2022, 0xFFFD])


def chinese():
    """GB 2312 level 1, its punctuation, and whatever the catalogues use."""
    out = set()
    for row in list(range(0xA1, 0xA4)) + list(range(0xB0, 0xD8)):
        for cell in range(0xA1, 0xFF):
            try:
                out.add(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                pass
    for path in catalogues:
        out |= {ord(c) for c in open(path, encoding="utf-8").read()}
    return {c for c in out if c >= 0x2E80}


def subset(font, runes, drop=("GSUB", "GPOS", "vhea", "vmtx", "VORG", "BASE", "GDEF", "meta", "DSIG")):
    o = Options()
    o.hinting, o.notdef_outline, o.glyph_names, o.name_IDs = False, True, False, [0, 1, 2, 13, 14]
    o.layout_features = ["kern", "mark", "mkmk", "ccmp", "cv05", "tnum"]
    s = Subsetter(o)
    s.populate(unicodes=runes)
    for tag in drop:
        if tag in font:
            del font[tag]
    s.subset(font)


def to_truetype(font):
    """CFF curves to quadratic ones, so that both halves merge."""
    glyphs, order, out = font.getGlyphSet(), font.getGlyphOrder(), {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        out[name] = pen.glyph()
    font["loca"] = newTable("loca")
    glyf = font["glyf"] = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, out
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs",
                  "maxStackElements", "maxSizeOfInstructions", "maxComponentElements", "maxPoints",
                  "maxContours", "maxCompositePoints", "maxCompositeContours", "maxComponentDepth"):
        setattr(maxp, field, 1 if field in ("maxZones",) else 0)
    post = font["post"]
    post.formatType, post.extraNames, post.mapping, post.glyphOrder = 2.0, [], {}, order
    font.sfntVersion = "\000\001\000\000"
    del font["CFF "]
    for tag in ("VORG",):
        if tag in font:
            del font[tag]
    glyf.compile(font)


def distinct_l(font):
    """Bakes in Inter's cv05, a small l with a tail: l, I and 1 cannot be confused."""
    gsub = font["GSUB"].table
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "cv05":
            for i in record.Feature.LookupListIndex:
                for sub in gsub.LookupList.Lookup[i].SubTable:
                    sub = getattr(sub, "ExtSubTable", sub)
                    for table in font["cmap"].tables:
                        for code, name in list(table.cmap.items()):
                            if name in sub.mapping:
                                table.cmap[code] = sub.mapping[name]
            return
    raise SystemExit("cv05 not found")


def build(weight, out):
    latin = TTFont(f"{inter}/Inter-{weight}.woff2")
    latin.flavor = None
    distinct_l(latin)
    subset(latin, LATIN, drop=("DSIG", "STAT"))
    cjk = next(f for f in TTCollection(f"{noto}/NotoSansCJK-{weight}.ttc").fonts
               if f["name"].getDebugName(1) == "Noto Sans CJK SC")
    subset(cjk, chinese())
    to_truetype(cjk)
    scale_upem(cjk, 2048)
    a, b = io.BytesIO(), io.BytesIO()
    latin.save("/tmp/latin.ttf"), cjk.save("/tmp/cjk.ttf")
    # The Latin half comes first: its metrics are the line's.
    merged = Merger().merge(["/tmp/latin.ttf", "/tmp/cjk.ttf"])
    ascent, descent = 2040, -540
    cmap = merged.getBestCmap()
    tall = max(merged["glyf"][n].yMax for c, n in cmap.items() if hasattr(merged["glyf"][n], "yMax") and (c < 0x250 or 0x1E00 <= c < 0x1F00))
    low = min(merged["glyf"][n].yMin for c, n in cmap.items() if hasattr(merged["glyf"][n], "yMin") and (c < 0x250 or 0x1E00 <= c < 0x1F00))
    print(weight, "tallest Latin or Vietnamese letter", tall, "lowest", low)
    merged["hhea"].ascent, merged["hhea"].descent, merged["hhea"].lineGap = max(ascent, tall), min(descent, low), 0
    for record in merged["name"].names:
        if record.nameID in (1, 16):
            record.string = "Kiosk Sans"
        if record.nameID in (3, 4, 6):
            record.string = f"KioskSans-{weight}"
    merged["post"].formatType = 3.0
    merged.save(out)


build("Regular", "kiosk-regular.ttf")
build("Bold", "kiosk-bold.ttf")
