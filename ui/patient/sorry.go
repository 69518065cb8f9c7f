package patient

import (
	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// Sorry is the screen of a kiosk that cannot start: nothing to press, the same
// two sentences in every language, because nobody is there to choose one. It
// needs no flow, no camera, no ledger and no configuration. Without a catalogue
// it speaks English.
func Sorry(all *words.Catalogue, m kit.Metrics, theme string) fyne.CanvasObject {
	l := kit.NewLook(m, kit.PaletteOf(theme), 100)
	blocks := []fyne.CanvasObject{}
	add := func(title, why string) {
		blocks = append(blocks, kit.Column(l.MM(1), kit.NewText(l, kit.Title, title), kit.NewText(l, kit.Body, why).Soft()))
	}
	if all == nil {
		add("Please see the front desk", "This kiosk is not in use")
	} else {
		for _, language := range all.Languages() {
			t := all.In(language.Tag)
			add(t.T("reason.unknown.title"), t.T("reason.out-of-service.title"))
		}
	}
	page := kit.NewPages(l, kit.PageWords{}, l.MM(6), blocks...).Middle()
	return kit.NewFrame(l, kit.Frame{Body: kit.Illustrated(l, page, kit.Drawing(l, "desk", drawnDesk))})
}
