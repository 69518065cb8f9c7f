package patient

import (
	"fyne.io/fyne/v2"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// attract is the first screen: what this is, in one sentence, the languages in
// their own scripts, and one large button.
func (w *Window) attract() page {
	l, t := w.look, w.words
	var steps []fyne.CanvasObject
	for _, s := range []struct {
		icon kit.Icon
		key  string
	}{{kit.IconPhone, "attract.step.open"}, {kit.IconQR, "attract.step.show"}, {kit.IconCheck, "attract.step.check"}} {
		side := l.TextSize(kit.Body) * 1.6
		steps = append(steps, kit.Beside(l.MM(5), side, kit.Box(side, side, kit.NewIcon(l, s.icon, l.Palette.Art, side)), w.body(t.T(s.key))))
	}
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Display, t.T("attract.title")), w.body(t.T("attract.body")).Soft()}
	languages := kit.Row(l.Gap(), w.languageButtons(func() {})...)
	width := l.Metrics.Width() - 2*l.Margin()
	room := w.bodyHeight() - l.MM(6) - kit.HeightFor(languages, width)
	// The drawing tells more than the list of steps: the list goes first.
	wordy := w.pages(append(blocks, kit.Space(l.MM(1)), kit.Column(l.MM(4), steps...))...).Middle()
	if l.Metrics.Portrait() && wordy.HeightFor(width) > room || !l.Metrics.Portrait() && wordy.HeightFor(width*0.64-l.MM(12)) > room {
		wordy = w.pages(blocks...).Middle()
	}
	body := kit.Illustrated(l, wordy, kit.Drawing(l, "welcome", drawnWelcome))
	if wordy.HeightFor(width) <= room { // else the header's button alone leads to the languages
		body = kit.Dock(l.MM(6), body, languages)
	}
	return page{frame: kit.Frame{
		Body: body,
		Main: w.mainButton("attract.start", kit.IconNext, w.press(flow.ActStart)),
		Desk: w.desk(),
	}}
}
