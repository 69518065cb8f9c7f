package patient

import (
	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// announce says the screen: every text of the body from top to bottom, then
// what the main action is.
func (w *Window) announce() {
	if w.o.Announce == nil || !w.state.Settings.Speech || w.state.Screen.ForStaff() {
		return
	}
	w.o.Announce(w.Spoken())
}

// Spoken is all that the present screen says, in reading order.
func (w *Window) Spoken() []Utterance {
	var out []Utterance
	add := func(s string, private bool) {
		if s != "" && s != " " {
			out = append(out, Utterance{s, private})
		}
	}
	var hear func(o fyne.CanvasObject)
	hear = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() {
			return
		}
		switch o := o.(type) {
		case *kit.Text:
			add(o.Content(), o.IsPrivate())
		case *fyne.Container:
			for _, child := range o.Objects {
				hear(child)
			}
		case kit.Pressable:
			if o.Name() != "page-up" && o.Name() != "page-down" && !isKey(o.Name()) {
				add(o.LabelText(), o.IsPrivate())
			}
		case kit.Made:
			for _, child := range o.Parts() {
				hear(child)
			}
		}
	}
	hear(w.page.frame.Body)
	if b := w.page.frame.Main; b != nil {
		add(b.LabelText(), false)
	}
	for _, b := range w.page.frame.Side {
		add(b.LabelText(), false)
	}
	return out
}

func isKey(id string) bool { return len(id) > 4 && id[:4] == "key-" }
