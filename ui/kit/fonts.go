package kit

import (
	_ "embed"
	"sync"

	"fyne.io/fyne/v2"
)

//go:embed fonts/kiosk-regular.ttf
var regularTTF []byte

//go:embed fonts/kiosk-bold.ttf
var boldTTF []byte

// Fyne keys its glyph caches by the resource, so there is one of each for the
// whole program. They never change.
var (
	regular = sync.OnceValue(func() fyne.Resource { return fyne.NewStaticResource("kiosk-regular.ttf", regularTTF) })
	bold    = sync.OnceValue(func() fyne.Resource { return fyne.NewStaticResource("kiosk-bold.ttf", boldTTF) })
)

// capRatio is the capital's height in the font's em: 1490 of 2048 in Inter.
const capRatio = 1490.0 / 2048.0

// pitch is the distance of two baselines in em. The font's own line is taller
// (1.37), so that two diacritics on a Vietnamese capital are never cut.
const pitch = 1.30

// Font is the kit's font in one of its two weights.
func Font(heavy bool) fyne.Resource {
	if heavy {
		return bold()
	}
	return regular()
}

// measure is the size of a single line.
func measure(s string, size float32, heavy bool) fyne.Size {
	got, _ := fyne.CurrentApp().Driver().RenderedTextSize(s, size, fyne.TextStyle{Bold: heavy}, Font(heavy))
	return got
}
