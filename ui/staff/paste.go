package staff

import (
	"strings"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// pastePage takes a link that a patient brought on paper or by e-mail. The
// link opens a record, so it is not shown while it is typed.
func (w *Window) pastePage() fyne.CanvasObject {
	l, t := w.look, w.t
	entry := newEntry(w, true)
	entry.SetPlaceHolder(t.T("staff.paste.here"))
	open := kit.NewButton(l, kit.Primary, t.T("staff.paste.open"), kit.IconNext, nil).Named("paste-open")
	open.Disable()
	entry.OnChanged = func(s string) {
		w.touched()
		if strings.TrimSpace(s) == "" {
			open.Disable()
		} else {
			open.Enable()
		}
	}
	send := func() {
		text := strings.TrimSpace(entry.Text)
		if text == "" {
			return
		}
		entry.SetText("")
		w.o.OnPaste(text)
	}
	entry.OnSubmitted = func(string) { send() }
	open.OnPress(send)
	card := kit.Card(l, kit.Column(l.MM(3), kit.NewText(l, kit.Heading, t.T("staff.paste.title")),
		kit.NewText(l, kit.Body, t.T("staff.paste.body")), entry, kit.Row(l.Gap(), open)))
	return kit.Leading(l.MM(190), kit.Column(0, card)) // no higher than it needs to be
}
