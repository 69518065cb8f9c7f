package patient

import (
	"fmt"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// set changes one thing of the settings.
func (w *Window) set(change func(*flow.Settings)) func() {
	return func() {
		s := w.state.Settings
		change(&s)
		w.o.Send(flow.Set{Settings: s})
	}
}

func (w *Window) closePanel() { w.open(noPanel) }

func (w *Window) closeButton() *kit.Button {
	return w.mainButton("button.close", kit.IconCheck, w.closePanel)
}

// languages is the chooser, each language in its own script.
func (w *Window) languages() page {
	tiles := w.languageButtons(func() { w.panel = noPanel })
	columns := 2
	if w.look.Metrics.Portrait() {
		columns = 1
	}
	return page{frame: kit.Frame{
		Body: w.pages(append([]fyne.CanvasObject{w.title(w.words.T("attract.languages"))}, rowsOf(w.look, columns, tiles)...)...),
		Main: w.closeButton(), Desk: w.desk(),
	}, back: w.closePanel}
}

func (w *Window) languageButtons(then func()) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, tag := range w.o.Languages {
		own := w.o.Words.In(tag).Language().OwnName
		choose := w.set(func(s *flow.Settings) { s.Language = tag })
		b := kit.NewButton(w.look, kit.Choice, own, kit.IconNone, func() {
			then()
			choose()
			w.Render(w.state, w.view) // also when it was the one in force
		}).Named("language-" + tag).Chosen(tag == w.state.Settings.Language)
		out = append(out, b)
	}
	return out
}

// rowsOf parts objects into grids of one row each, so that pages break between
// rows.
func rowsOf(l *kit.Look, columns int, objects []fyne.CanvasObject) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for at := 0; at < len(objects); at += columns {
		row := objects[at:min(at+columns, len(objects))]
		for len(row) < columns {
			row = append(row[:len(row):len(row)], kit.Space(0))
		}
		out = append(out, kit.Grid(l.Gap(), columns, row...))
	}
	return out
}

// settings is the page of everything that makes the kiosk easier to use.
func (w *Window) settings() page {
	l, t, now := w.look, w.words, w.state.Settings
	choice := func(id, label string, on bool, change func(*flow.Settings)) *kit.Button {
		return kit.NewButton(l, kit.Choice, label, kit.IconNone, w.set(change)).Named(id).Chosen(on)
	}
	var sizes, themes []fyne.CanvasObject
	for _, size := range []int{100, 125, 150, 200} {
		sizes = append(sizes, choice(fmt.Sprintf("size-%d", size), t.T(fmt.Sprintf("settings.size.%d", size)), now.Size == size,
			func(s *flow.Settings) { s.Size = size }))
	}
	for _, p := range kit.Palettes() {
		themes = append(themes, choice("theme-"+p.Name, t.T("settings.theme."+p.Name), kit.PaletteOf(now.Theme).Name == p.Name,
			func(s *flow.Settings) { s.Theme = p.Name }))
		if !w.narrow() {
			themes[len(themes)-1].(*kit.Button).WithArt(kit.Swatch(l, p))
		}
	}
	more := choice("more-time", t.T("settings.time.more"), now.MoreTime, func(s *flow.Settings) { s.MoreTime = !s.MoreTime })
	calm := choice("calm", t.T("settings.motion.off"), now.Calm, func(s *flow.Settings) { s.Calm = !s.Calm })
	help := []fyne.CanvasObject{more, calm}
	if w.o.Announce != nil {
		help = append(help, choice("speech", t.T("settings.speech.on"), now.Speech, func(s *flow.Settings) { s.Speech = !s.Speech }))
		if now.Speech {
			help = append(help,
				choice("slow", t.T("settings.speech.slow"), now.Slow, func(s *flow.Settings) { s.Slow = !s.Slow }),
				choice("loud", t.T("settings.speech.loud"), now.Loud, func(s *flow.Settings) { s.Loud = !s.Loud }),
				choice("aloud", t.T("settings.speech.private"), now.Aloud, func(s *flow.Settings) { s.Aloud = !s.Aloud }).
					With(t.T("settings.speech.private.more")))
		}
	}
	heading := func(key string) *kit.Text { return kit.NewText(l, kit.Strong, t.T(key)) }
	group := func(key string, columns int, objects []fyne.CanvasObject) []fyne.CanvasObject {
		rows := rowsOf(l, columns, objects)
		if key == "" {
			return rows
		}
		// The heading stays with its first row.
		return append([]fyne.CanvasObject{kit.Column(l.MM(2), heading(key), rows[0])}, rows[1:]...)
	}
	most := 3
	if l.Metrics.Portrait() {
		most = 2
	}
	columns := w.columns(most, help)
	for columns > 1 && w.tallest(help, columns) > w.bodyHeight()*0.7 {
		columns-- // words in narrow columns get too high for a page
	}
	if w.narrow() {
		columns = 1
	}
	blocks := []fyne.CanvasObject{w.title(t.T("settings.title"))}
	blocks = append(blocks, group("settings.size", w.columns(4, sizes), sizes)...)
	blocks = append(blocks, group("settings.theme", w.columns(4, themes), themes)...)
	blocks = append(blocks, group("", columns, help)...)
	return page{frame: kit.Frame{Body: w.pages(blocks...), Main: w.closeButton(), Desk: w.desk()}, back: w.closePanel}
}

// columns is how many of the objects fit side by side without breaking words.
func (w *Window) columns(most int, objects []fyne.CanvasObject) int {
	l := w.look
	width := l.Metrics.Width() - 2*l.Margin() - l.Target(true) - 2*l.Gap()
	var widest float32
	for _, o := range objects {
		widest = max(widest, o.MinSize().Width)
	}
	for n := min(most, len(objects)); n > 1; n-- {
		// Four things stand in two rows of two rather than three and one.
		if float32(n)*widest+float32(n-1)*l.Gap() <= width && (len(objects) != 4 || n != 3) {
			return n
		}
	}
	return 1
}

// tallest is the height of the highest object in so many columns.
func (w *Window) tallest(objects []fyne.CanvasObject, columns int) float32 {
	l := w.look
	width := (l.Metrics.Width() - 2*l.Margin() - l.Target(true) - 2*l.Gap() - float32(columns-1)*l.Gap()) / float32(columns)
	var most float32
	for _, o := range objects {
		most = max(most, kit.HeightFor(o, width))
	}
	return most
}

// bodyHeight is about what the body of a page has when its footer is one row.
func (w *Window) bodyHeight() float32 {
	l := w.look
	header := max(l.Target(false), l.LineHeight(kit.Chrome)+l.MM(5))
	footer := max(l.Target(true), l.LineHeight(kit.Label)+l.MM(5))
	if l.Metrics.Portrait() {
		footer = 2*footer + l.Gap()
	}
	return l.Metrics.Height() - header - footer - 4*l.Air()
}
