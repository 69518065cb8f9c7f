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
	text := w.pages(
		kit.NewText(l, kit.Display, t.T("attract.title")),
		w.body(t.T("attract.body")).Soft(),
		kit.Column(l.MM(4), steps...),
	).Middle()
	languages := kit.Row(l.Gap(), w.languageButtons(func() {})...)
	return page{frame: kit.Frame{
		Body: kit.Dock(l.MM(6), kit.Illustrated(l, text, kit.Drawing(l, "welcome", drawnWelcome)), languages),
		Main: w.mainButton("attract.start", kit.IconNext, w.press(flow.ActStart)),
		Desk: w.desk(),
	}}
}
